package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"leadsync/cmd/leadsync/config"
	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// deliveryChoice are the flags that choose deliveries.
type deliveryChoice struct {
	since, until, contact, event string
}

func (o *deliveryChoice) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.since, "since", "", "only what came since 90m, 12h or 3d ago, or since 2026-03-02 or 2026-03-02T15:04:05Z")
	f.StringVar(&o.until, "until", "", "only what came until then, said in the same way")
	f.StringVar(&o.contact, "contact", "", "only what names this contact's id")
	f.StringVar(&o.event, "event", "", "only what has such an event: "+strings.Join(eventKinds(), ", "))
}

func eventKinds() []string {
	var words []string
	for _, kind := range []connector.EventKind{
		connector.EventCreated, connector.EventChanged, connector.EventDeleted, connector.EventPrivacy, connector.EventMerged,
		connector.EventRestored, connector.EventAssociation, connector.EventOther,
	} {
		words = append(words, string(kind))
	}
	return words
}

func (o *deliveryChoice) filter(now time.Time) (workflows.DeliveryFilter, error) {
	f := workflows.DeliveryFilter{Contact: connector.ObjectID(o.contact)}
	if o.event != "" && !slices.Contains(eventKinds(), o.event) {
		return f, usageError{fmt.Errorf("unknown event %q; known are %s", o.event, strings.Join(eventKinds(), ", "))}
	}
	if o.contact != "" && !wholeNumber.MatchString(o.contact) {
		return f, usageError{fmt.Errorf("--contact wants the contact's id, a number; `leadsync explain ADDRESS` shows it")}
	}
	var err error
	if f.Since, err = moment(now, "since", o.since); err != nil {
		return f, err
	}
	if f.Until, err = moment(now, "until", o.until); err != nil {
		return f, err
	}
	if !f.Until.IsZero() && f.Until.Before(f.Since) {
		return f, usageError{errors.New("--until lies before --since")}
	}
	return f, nil
}

var wholeNumber = regexp.MustCompile(`^[0-9]{1,20}$`)

// moment reads a time or an age.
func moment(now time.Time, flag, text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	at, err := ago(now, flag, text)
	if err != nil {
		return at, usageError{fmt.Errorf("--%s: %q is no time; write 90m, 12h, 3d, 2026-03-02 or 2026-03-02T15:04:05Z", flag, text)}
	}
	return at, nil
}

// delivered is a stored delivery and what it says. A body that cannot be read any more has no events.
type delivered struct {
	workflows.StoredDelivery

	events []connector.Event
}

func decodeDelivery(d workflows.StoredDelivery) delivered {
	events, err := hubspot.DecodeEvents(d.Body, hubspot.EventLimits{Bytes: len(d.Body) + 1})
	if err != nil {
		events = nil // it was verified and decoded before it was stored; what is left may be nothing
	}
	return delivered{d, events}
}

func (d delivered) named() []connector.Ref {
	seen := map[connector.Ref]bool{}
	for _, e := range d.events {
		for _, ref := range e.Named(workflows.ReadTypes()) {
			seen[ref] = true
		}
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b connector.Ref) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID))
	})
}

func (o *deliveryChoice) fits(d delivered) bool {
	if o.event != "" && !slices.ContainsFunc(d.events, func(e connector.Event) bool { return string(e.Kind) == o.event }) {
		return false
	}
	return o.contact == "" || slices.Contains(d.named(), connector.Ref{Type: connector.TypeContact, ID: connector.ObjectID(o.contact)})
}

// deliveryPageSize is how many deliveries are read at once; a body may have a megabyte.
const deliveryPageSize = 50

// each calls back for every delivery that the flags choose, newest first, until it says that it has enough.
func (o *deliveryChoice) each(ctx context.Context, st *store.Store, p config.Portal, enough func(delivered) bool) error {
	now, err := st.Now(ctx)
	if err != nil {
		return err
	}
	f, err := o.filter(now)
	if err != nil {
		return err
	}
	return eachOf(deliveryPageSize, func(after *workflows.StoredDelivery) ([]workflows.StoredDelivery, error) {
		return st.Deliveries(ctx, p.Account, f, after, deliveryPageSize)
	}, func(one workflows.StoredDelivery) bool {
		d := decodeDelivery(one)
		return o.fits(d) && enough(d)
	})
}

func deliveriesCommand(env *environment) *cobra.Command {
	cmd := deliveriesList(env, "deliveries")
	cmd.AddCommand(deliveriesList(env, "list"), deliveriesShow(env), deliveriesReplay(env))
	return cmd
}

// deliveryRow is a delivery for JSON, without any value.
type deliveryRow struct {
	Key        string         `json:"key"`
	ReceivedAt time.Time      `json:"received_at"`
	Bytes      int            `json:"bytes"`
	Events     map[string]int `json:"events"`
	Records    []string       `json:"records"`
}

func rowOfDelivery(d delivered) deliveryRow {
	row := deliveryRow{Key: d.Key, ReceivedAt: d.ReceivedAt, Bytes: len(d.Body), Events: map[string]int{}, Records: []string{}}
	for _, e := range d.events {
		row.Events[string(e.Kind)]++
	}
	for _, ref := range d.named() {
		row.Records = append(row.Records, string(ref.Type)+" "+string(ref.ID))
	}
	return row
}

func deliveriesList(env *environment, use string) *cobra.Command {
	var choice deliveryChoice
	var limit int
	cmd := &cobra.Command{
		Use:   use,
		Short: "List stored webhook deliveries: when they came, what they announced and whom they name; never a value",
		Args:  exactly(0, "no arguments"),
	}
	c := portalCommand{env: env, portal: portalFlag(cmd), asJSON: cmd.Flags().Bool("json", false, "print JSON")}
	choice.flags(cmd)
	cmd.Flags().IntVar(&limit, "limit", 100, "at most so many, the newest")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := atLeastOne(limit); err != nil {
			return err
		}
		if _, err := choice.filter(env.now()); err != nil {
			return err
		}
		return c.with(cmd, func(ctx context.Context, _ *installation, p config.Portal, st *store.Store) error {
			rows := []deliveryRow{}
			err := choice.each(ctx, st, p, func(d delivered) bool {
				rows = append(rows, rowOfDelivery(d))
				return len(rows) == limit
			})
			if err != nil {
				return err
			}
			if *c.asJSON {
				return printJSON(env.stdout, rows)
			}
			return writeDeliveries(env.stdout, rows)
		})
	}
	return cmd
}

// shortKey is as much of a key as the list shows; it is enough to name the delivery.
const shortKey = 16

// mostRecords is how many records of a delivery stand in the list.
const mostRecords = 3

func writeDeliveries(w io.Writer, rows []deliveryRow) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	tell(t, "RECEIVED\tKEY\tEVENTS\tRECORDS\tBYTES\t\n")
	for _, row := range rows {
		var events []string
		for _, kind := range slices.Sorted(maps.Keys(row.Events)) {
			events = append(events, fmt.Sprintf("%s %d", kind, row.Events[kind]))
		}
		records := row.Records
		if len(records) > mostRecords {
			records = append(slices.Clone(records[:mostRecords]), fmt.Sprintf("and %d more", len(records)-mostRecords))
		}
		tell(t, "%s\t%s\t%s\t%s\t%d\t\n", row.ReceivedAt.UTC().Format(time.DateTime), row.Key[:min(shortKey, len(row.Key))],
			cmp.Or(strings.Join(events, ", "), "nothing is left"), strings.Join(records, ", "), row.Bytes)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	word := "deliveries"
	if len(rows) == 1 {
		word = "delivery"
	}
	tell(w, "%d %s; they are kept as long as `retention: {deliveries: ...}` says\n", len(rows), word)
	return nil
}

// shownEvent is an event for JSON.
type shownEvent struct {
	Kind       connector.EventKind `json:"kind"`
	Record     string              `json:"record"`
	Others     []string            `json:"others,omitempty"`
	Property   string              `json:"property,omitempty"`
	Value      *string             `json:"value,omitempty"`
	OccurredAt time.Time           `json:"occurred_at"`
	Own        bool                `json:"own"`
}

func deliveriesShow(env *environment) *cobra.Command {
	var values bool
	cmd := &cobra.Command{
		Use:   "show KEY",
		Short: "Show the events of one delivery; --values shows what was changed to, too, which may be personal",
		Args:  exactly(1, "one key, as `leadsync deliveries` lists it"),
	}
	c := portalCommand{env: env, portal: portalFlag(cmd), asJSON: cmd.Flags().Bool("json", false, "print JSON")}
	cmd.Flags().BoolVar(&values, "values", false, "show the values of properties, too")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return c.with(cmd, func(ctx context.Context, _ *installation, p config.Portal, st *store.Store) error {
			found, err := oneDelivery(ctx, st, p, args[0])
			if err != nil {
				return err
			}
			d, events := decodeDelivery(found), []shownEvent{}
			for _, e := range d.events {
				one := shownEvent{
					Kind: e.Kind, Record: strings.TrimSpace(string(e.Type) + " " + string(e.ID)), Property: e.Property, OccurredAt: e.OccurredAt, Own: e.Own,
				}
				for _, ref := range e.Others {
					one.Others = append(one.Others, string(ref.Type)+" "+string(ref.ID))
				}
				if values && e.Property != "" {
					one.Value = &e.Value
				}
				events = append(events, one)
			}
			if *c.asJSON {
				return printJSON(env.stdout, struct {
					deliveryRow

					Shown []shownEvent `json:"shown"`
				}{rowOfDelivery(d), events})
			}
			return writeEvents(env.stdout, d, events)
		})
	}
	return cmd
}

func writeEvents(w io.Writer, d delivered, events []shownEvent) error {
	tell(w, "%s received %s, %d bytes\n", d.Key, d.ReceivedAt.UTC().Format(time.DateTime), len(d.Body))
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	tell(t, "OCCURRED\tEVENT\tRECORD\tOTHERS\tPROPERTY\tBY\t\n")
	for _, e := range events {
		by := "somebody else"
		if e.Own {
			by = "leadsync"
		}
		property := e.Property
		if e.Value != nil {
			property += fmt.Sprintf(" = %q", *e.Value)
		}
		tell(t, "%s\t%s\t%s\t%s\t%s\t%s\t\n", e.OccurredAt.UTC().Format(time.DateTime), e.Kind, e.Record, strings.Join(e.Others, ", "), property, by)
	}
	return t.Flush()
}

func oneDelivery(ctx context.Context, st *store.Store, p config.Portal, key string) (workflows.StoredDelivery, error) {
	d, err := st.Delivery(ctx, p.Account, key)
	if errors.Is(err, workflows.ErrNoRecord) {
		return d, fmt.Errorf("portal %q has no delivery %q; `leadsync deliveries` lists them, with as much of the key as is needed", p.Name, key)
	}
	return d, err
}
