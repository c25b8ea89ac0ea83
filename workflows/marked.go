package workflows

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// quietPeriod is how long a creation without a unique property is left alone after its outcome became unknown,
// before anybody looks whether it happened, and how long any creation may come late: until then "it is not there" is not
// believed where nothing is made in its place, and its key is not taken away from what is there. It is longer than a call can still be on its way (three attempts of
// ten seconds and the waits between them) plus the half minute for which the CRM's indexes may lag behind
// (hubspot-api 5.4, 7.3), doubled. A creation that the CRM carries out even later is made twice; the second
// look finds the copy and archives it, unless a person has touched it.
const quietPeriod = 2 * time.Minute

// overtaking is how long an update may come late: three attempts of ten seconds and the waits between them, doubled. No
// index has a part in that.
const overtaking = 70 * time.Second

type archiver interface {
	Archive(ctx context.Context, t connector.ObjectType, ids []connector.ObjectID) error
}

// tooFresh puts creations off whose outcome has been unknown for too short a time to look, where the account
// has no unique property that would refuse a second one. Nothing is sent for them.
func (p *Pusher) tooFresh(t connector.ObjectType, entries []OutboxEntry) (off []Settlement, rest []OutboxEntry) {
	for _, e := range entries {
		if p.Portal.Marked[t] && p.fresh(e) {
			off = append(off, Settlement{
				Key: e.Key, Attempt: e.Attempt, State: StateSending, Wait: quietPeriod, Error: e.Error, Free: true,
			})
			continue
		}
		rest = append(rest, e)
	}
	return off, rest
}

// fresh reports whether the outcome of an entry has been unknown for too short a time to believe that it did not happen.
func (p *Pusher) fresh(e OutboxEntry) bool {
	return e.Unknown && e.UnknownFor < quietPeriod && !p.Weak.Without(QuietPeriod)
}

// givenUp settles a creation that is not there and that nobody wants any more. One whose outcome is unknown may still
// come: it is looked for once more after the quiet period before it is given up.
func (p *Pusher) givenUp(e OutboxEntry, s Settlement) Settlement {
	s.Key, s.Attempt = e.Key, e.Attempt
	if p.fresh(e) {
		return Settlement{Key: e.Key, Attempt: e.Attempt, State: StateSending, Wait: quietPeriod, Error: e.Error, Free: true}
	}
	return s
}

// lookLater is the outcome of a creation. One that repeats an unknown one and was not made stays unknown: the first
// may have happened after all, so it must not be cancelled without a look. Where a second one is not refused, an unknown one
// stays alone for the quiet period, and one that repeats an unknown one is looked at once more after it.
func (p *Pusher) lookLater(t connector.ObjectType, e OutboxEntry, s Settlement) Settlement {
	if s.State == StateReady && e.Unknown && !p.Weak.Without(ReadBack) {
		s.State = StateSending
	}
	switch {
	case !p.Portal.Marked[t], p.Weak.Without(QuietPeriod):
	case s.State == StateSending:
		s.Wait = max(s.Wait, quietPeriod)
	case s.State == StateSettled && e.Unknown:
		s.State, s.Wait = StateSending, quietPeriod
	}
	return s
}

// archiveCopies archives what was made twice and nobody has touched.
func (p *Pusher) archiveCopies(ctx context.Context, t connector.ObjectType, found map[string]connector.KeyState) error {
	var copies []connector.ObjectID
	for _, key := range slices.Sorted(maps.Keys(found)) {
		copies = append(copies, found[key].Copies...)
	}
	if len(copies) == 0 {
		return nil
	}
	if err := p.Copies.Archive(ctx, t, copies); err != nil {
		return fmt.Errorf("archive %d copies: %w", len(copies), err)
	}
	return nil
}

// copiesNote is the decision about copies that were archived; its Code is empty if there were none.
func copiesNote(key string, state connector.KeyState) scoring.Reason {
	if len(state.Copies) == 0 {
		return scoring.Reason{}
	}
	ids := make([]string, len(state.Copies))
	for i, id := range state.Copies {
		ids[i] = string(id)
	}
	return scoring.Reason{Code: ReasonCopyArchived, Params: map[string]string{
		"key": key, "copies": strconv.Itoa(len(ids)), "ids": strings.Join(ids, " "), "kept": string(state.ID),
	}}
}

// mendable adds to the refusal of a deal what an operator can do about it: the account's own rules can demand
// properties that leadsync knows nothing of (hubspot-api 1.2).
func mendable(e OutboxEntry, err error) error {
	var ce *connector.Error
	if e.Kind != KindDeal || !errors.Is(err, connector.ErrInvalid) || !errors.As(err, &ce) {
		return err
	}
	keys := "deal_properties"
	if len(ce.Properties) > 0 {
		keys = "deal_properties." + strings.Join(ce.Properties, ", deal_properties.")
	}
	return fmt.Errorf("%w; set %s for this portal as its account demands (amount and close date come from the model's follow-up), restart, then `leadsync outbox retry %s`",
		err, keys, e.Key)
}

// withDefaults is the values of first, over which those of the configuration go.
func withDefaults(first, configured map[string]string) map[string]string {
	if len(configured) == 0 {
		return first
	}
	out := maps.Clone(first)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, configured)
	return out
}
