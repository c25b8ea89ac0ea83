package hubspot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"leadsync/connector"
)

// waves cuts inputs, given by index, into batches of at most batchLimit in which no two have the same key;
// equal keys keep their order over the batches.
func waves(rest []int, key func(int) string) [][]int {
	var out [][]int
	for len(rest) > 0 {
		var wave, later []int
		seen := make(map[string]bool, batchLimit)
		for _, i := range rest {
			if len(wave) < batchLimit && !seen[key(i)] {
				seen[key(i)] = true
				wave = append(wave, i)
			} else {
				later = append(later, i)
			}
		}
		out, rest = append(out, wave), later
	}
	return out
}

// perInput drives a batch call so that one bad input does not take the others with it.
type perInput struct {
	// send sends these inputs and settles those that the answer names. It returns the error of the whole call,
	// if HubSpot refused or lost it, with the answer that explains it.
	send func(ctx context.Context, wave []int) (answer, error)
	// culprits are the inputs that the refusal of a whole batch surely is about, with their errors.
	culprits func(f fault, err error, wave []int) map[int]error
	settle   func(i int, err error)
}

// run sends a wave. A refusal of the whole batch (400, 409, 413, 422, or a 404 about records: nothing was done)
// is pinned on the inputs it names, else the batch is halved down to one (hubspot-api 11.2). It returns the
// error after which nothing more should be sent, or nil.
func (p perInput) run(ctx context.Context, wave []int) error {
	if len(wave) == 0 {
		return nil
	}
	ans, err := p.send(ctx, wave)
	if err == nil {
		return nil
	}
	err = addressGone(ans.fault, err)
	if !errors.Is(err, connector.ErrInvalid) && !errors.Is(err, connector.ErrConflict) && !errors.Is(err, connector.ErrNotFound) {
		for _, i := range wave {
			p.settle(i, err)
		}
		return err
	}
	if len(wave) == 1 {
		p.settle(wave[0], err)
		return nil
	}
	if named := p.culprits(ans.fault, err, wave); len(named) > 0 {
		return p.run(ctx, p.pin(named, wave))
	}
	half := len(wave) / 2
	if stop := p.run(ctx, wave[:half]); stop != nil {
		p.skip(wave[half:], stop)
		return stop
	}
	return p.run(ctx, wave[half:])
}

// addressGone turns a 404 that is not about records into what it is: the address of the batch is not there, which
// says nothing about any of its records. Taken at its word it would declare them all deleted.
func addressGone(f fault, err error) error {
	var e *connector.Error
	if !errors.As(err, &e) || !errors.Is(e, connector.ErrNotFound) || strings.EqualFold(string(f.Category), "OBJECT_NOT_FOUND") {
		return err
	}
	out := *e
	out.Kind = connector.ErrUnavailable
	out.Message = strings.TrimSpace(out.Message + " (the address is not there: check base URL and API version)")
	return &out
}

// pin settles the named inputs and returns the others.
func (p perInput) pin(named map[int]error, wave []int) []int {
	var rest []int
	for _, i := range wave {
		if err, ok := named[i]; ok {
			p.settle(i, err)
		} else {
			rest = append(rest, i)
		}
	}
	return rest
}

// longestValue is what HubSpot stores in one property, in characters.
const longestValue = 65536

// tooLong is the error of property values above what HubSpot stores, or nil. It names the properties, not the
// values.
func tooLong(op string, properties map[string]string) error {
	var names []string
	for name, value := range properties {
		if len(value) > longestValue && utf8.RuneCountInString(value) > longestValue {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return &connector.Error{
		Kind: connector.ErrInvalid, Op: op, Properties: names,
		Message: fmt.Sprintf("%s: more than %d characters; shorten the value", strings.Join(names, ", "), longestValue),
	}
}

// skip settles inputs that were surely not sent.
func (p perInput) skip(wave []int, stop error) {
	for _, i := range wave {
		p.settle(i, unsent(stop))
	}
}

// runAll runs the waves until one says stop; the inputs of later waves were surely not sent.
func (p perInput) runAll(ctx context.Context, all [][]int) {
	var stop error
	for _, wave := range all {
		if stop == nil {
			stop = p.run(ctx, wave)
			continue
		}
		p.skip(wave, stop)
	}
}

// unsent is the error of an input that was not sent because of what happened to one before it.
func unsent(stop error) error {
	var e *connector.Error
	if !errors.As(stop, &e) {
		return stop
	}
	out := *e
	if errors.Is(e, connector.ErrAmbiguous) {
		out.Kind = connector.ErrUnavailable
	}
	out.Message = "not sent after an earlier failure: " + e.Message
	return &out
}

// named finds the inputs that an entry of an answer is about, by trace id and by record id.
func (f fault) named(byTrace, byID map[string]int) []int {
	var out []int
	for _, trace := range f.Context["objectWriteTraceId"] {
		if i, ok := byTrace[string(trace)]; ok {
			out = append(out, i)
		}
	}
	for _, key := range []string{"ids", "id"} {
		for _, id := range f.Context[key] {
			if i, ok := byID[string(id)]; ok {
				out = append(out, i)
			}
		}
	}
	return distinct(out)
}

// definitional finds the inputs that the refusal is about although it names only a property: those that have
// one which HubSpot does not know or does not let us write, and those that lack one which the account's own
// rules require (hubspot-api 1.2). It spares halving a batch in which every input has the same fault.
func (f fault) definitional(wave []int, properties func(int) map[string]string) []int {
	unwelcome, required := f.definitions()
	var out []int
	for _, i := range wave {
		has := properties(i)
		for _, name := range unwelcome {
			if _, ok := has[name]; ok {
				out = append(out, i)
			}
		}
		for _, name := range required {
			if has[name] == "" {
				out = append(out, i)
			}
		}
	}
	return distinct(out)
}

func (f fault) definitions() (unwelcome, required []string) {
	for _, v := range f.invalidValues() {
		if v.Error == "PROPERTY_DOESNT_EXIST" || v.Error == "READ_ONLY_VALUE" {
			unwelcome = append(unwelcome, string(v.Name))
		}
	}
	switch f.Code {
	case "PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE":
		unwelcome = append(unwelcome, f.properties()...)
	case "MISSING_REQUIRED_PROPERTY":
		required = append(required, f.properties()...)
	}
	for _, e := range f.Errors.value {
		u, r := e.definitions()
		unwelcome, required = append(unwelcome, u...), append(required, r...)
	}
	return unwelcome, required
}
