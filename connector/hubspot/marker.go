package hubspot

import (
	"cmp"
	"context"
	"errors"
	"html"
	"regexp"
	"slices"
	"strconv"
	"time"

	"leadsync/connector"
)

// The fallback of hubspot-api 7.3, for accounts that refuse unique properties: the key stands as a marker in
// the body of the task or the description of the deal. Nothing in HubSpot prevents doubles then. The caller
// waits out a quiet period after a lost answer and looks with FindByKey; doubles are found there and can be
// archived.

var (
	// markedKey finds markers. HubSpot may wrap the text in HTML of its own, but leaves the text alone.
	markedKey = regexp.MustCompile(`\[leadsync:([A-Za-z0-9_.:-]{1,64})\]`)
	plainMark = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,64}$`)
)

// marker is how a key looks in a body.
func marker(key string) string { return "[leadsync:" + key + "]" }

// markedProperty is where the marker of a kind of record stands.
func markedProperty(typ connector.ObjectType) string {
	if typ == connector.TypeTask {
		return taskBody
	}
	return "description"
}

// identify gives a new record its key, by property or by marker.
func (c *Client) identify(typ connector.ObjectType, in *creation) {
	if !c.unkeyed[typ] {
		in.properties[c.keyProperty] = in.key
		return
	}
	if !plainMark.MatchString(in.key) {
		in.err = unfit("create records", "a key that is a marker has at most 64 letters, digits, dots, dashes and colons")
		return
	}
	if c.plainKey[typ] {
		in.properties[c.keyProperty] = in.key
	}
	name := markedProperty(typ)
	switch before := in.properties[name]; {
	case before == "":
		in.properties[name] = marker(in.key)
	case typ == connector.TypeTask:
		in.properties[name] = before + "<p>" + marker(in.key) + "</p>"
	default:
		in.properties[name] = before + "\n" + marker(in.key)
	}
}

// keysIn are the keys that a record bears, by marker or plain property.
func (c *Client) keysIn(typ connector.ObjectType, rec record) []string {
	var keys []string
	for _, m := range markedKey.FindAllStringSubmatch(html.UnescapeString(string(rec.Properties[markedProperty(typ)])), -1) {
		keys = append(keys, m[1])
	}
	if plain := string(rec.Properties[c.keyProperty]); c.plainKey[typ] && plain != "" {
		keys = append(keys, plain)
	}
	return distinct(keys)
}

// findMarked looks for markers among the records of the contacts and those whose ids are known: associations, then the
// records, both from the primary store. An id alone proves nothing, and it is what finds the record of a contact in the bin,
// which has no associations.
func (c *Client) findMarked(ctx context.Context, s search, refs []connector.KeyRef) (sightings, error) {
	out := newSightings(len(refs))
	contacts, err := contactsOf(refs)
	if err != nil {
		return sightings{}, err
	}
	links, err := c.linksOf(ctx, s.typ, contacts)
	if err != nil {
		return sightings{}, err
	}
	candidates := make(map[connector.ObjectID][]connector.ObjectID) // by contact
	for _, l := range links {
		candidates[l.FromID] = append(candidates[l.FromID], l.ToID)
	}
	bearers, err := c.bearers(ctx, s, links, refs)
	if err != nil {
		return sightings{}, err
	}
	for _, ref := range refs {
		var copies []record
		for _, id := range distinct(append(slices.Clone(candidates[ref.Contact]), ref.ID)) {
			if rec, ok := bearers[id]; ok && slices.Contains(c.keysIn(s.typ, rec), ref.Key) {
				copies = append(copies, rec)
				out.looks[id] = c.lookOf(rec)
			}
		}
		if len(copies) == 0 {
			continue
		}
		if out.states[ref.Key], err = c.choose(ctx, s.typ, copies); err != nil {
			return sightings{}, err
		}
	}
	return out, nil
}

// linksOf gives the associated records of the contacts. A contact without any is asked for alone: where it was merged
// into another, the records are that one's now, and HubSpot may say of the old id only that it has none.
func (c *Client) linksOf(ctx context.Context, typ connector.ObjectType, contacts []connector.ObjectID) ([]connector.Link, error) {
	links, err := c.Links(ctx, connector.TypeContact, typ, contacts)
	if err != nil {
		return nil, err
	}
	losers := map[connector.ObjectID][]connector.ObjectID{} // by survivor
	var survivors []connector.ObjectID
	for _, id := range distinct(contacts) {
		if slices.ContainsFunc(links, func(l connector.Link) bool { return l.FromID == id }) {
			continue
		}
		rec, err := c.getPart(ctx, connector.TypeContact, id, nil)
		if errors.Is(err, connector.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if survivor := connector.ObjectID(rec.ID); survivor != id {
			losers[survivor] = append(losers[survivor], id)
			survivors = append(survivors, survivor)
		}
	}
	moved, err := c.Links(ctx, connector.TypeContact, typ, survivors)
	if err != nil {
		return nil, err
	}
	for _, l := range moved {
		for _, id := range losers[l.FromID] {
			l.FromID = id
			links = append(links, l)
		}
	}
	return links, nil
}

// contactsOf are the contacts to look under, one for each key.
func contactsOf(refs []connector.KeyRef) ([]connector.ObjectID, error) {
	const op = "read by key"
	wanted := make(map[string]connector.ObjectID, len(refs))
	contacts := make([]connector.ObjectID, len(refs))
	for i, ref := range refs {
		if !decimal(string(ref.Contact)) {
			return nil, unfit(op, "without a unique property a key is only found with the contact it was made for")
		}
		if other, twice := wanted[ref.Key]; twice && other != ref.Contact {
			return nil, unfit(op, "one key was made for two contacts")
		}
		wanted[ref.Key], contacts[i] = ref.Contact, ref.Contact
	}
	return contacts, nil
}

// bearers reads the linked and the named records that bear any key of ours.
func (c *Client) bearers(
	ctx context.Context, s search, links []connector.Link, refs []connector.KeyRef,
) (map[connector.ObjectID]record, error) {
	name, err := plural(s.typ)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, l := range links {
		ids = append(ids, string(l.ToID))
	}
	for _, ref := range refs {
		if ref.ID != "" {
			ids = append(ids, string(ref.ID))
		}
	}
	props := append([]string{markedProperty(s.typ)}, s.props...)
	if c.plainKey[s.typ] {
		props = append(props, c.keyProperty)
	}
	found := make(map[connector.ObjectID]record)
	for chunk := range slices.Chunk(distinct(ids), batchLimit) {
		out, err := c.batchReadAll(ctx, batchReading{name: name, inputs: chunk, props: props, markers: true}, "read by key", recordID)
		if err != nil {
			return nil, err
		}
		for _, rec := range out.Results {
			if len(c.keysIn(s.typ, rec)) > 0 {
				found[connector.ObjectID(rec.ID)] = rec
			}
		}
	}
	return found, nil
}

// choose makes one state of the records that bear one key. The one that stays is one that a person touched, if
// any, else the oldest. The others are copies to be archived, but for those that a person touched too.
func (c *Client) choose(ctx context.Context, typ connector.ObjectType, copies []record) (connector.KeyState, error) {
	slices.SortFunc(copies, func(a, b record) int {
		return cmp.Or(wireTime(string(a.CreatedAt)).Compare(wireTime(string(b.CreatedAt))), cmp.Compare(idNumber(a), idNumber(b)))
	})
	touched := map[connector.ObjectID]bool{}
	if len(copies) > 1 {
		var err error
		if touched, err = c.touched(ctx, typ, copies); err != nil {
			return connector.KeyState{}, err
		}
	}
	keep := max(0, slices.IndexFunc(copies, func(r record) bool { return touched[connector.ObjectID(r.ID)] }))
	state := connector.KeyState{
		ID: connector.ObjectID(copies[keep].ID), Open: open(typ, copies[keep]), UpdatedAt: wireTime(string(copies[keep].UpdatedAt)),
	}
	for i, rec := range copies {
		if id := connector.ObjectID(rec.ID); i != keep && !touched[id] {
			state.Copies = append(state.Copies, id)
		}
	}
	return state, nil
}

func idNumber(r record) int64 {
	n, _ := strconv.ParseInt(string(r.ID), 10, 64) // 0 for none: HubSpot's ids are numbers
	return n
}

// touched tells which of the records a person had to do with: closed, or changed by somebody whom HubSpot does
// not name as a machine. Not knowing counts as touched, except for what was there from the first second: that
// came with our creation, as HubSpot's defaults do.
func (c *Client) touched(ctx context.Context, typ connector.ObjectType, copies []record) (map[connector.ObjectID]bool, error) {
	props := []string{"dealname", "dealstage", "amount", "closedate", ownerProperty}
	if typ == connector.TypeTask {
		props = []string{"hs_task_status", "hs_task_subject", "hs_task_priority", "hs_timestamp", ownerProperty}
	}
	ids := make([]connector.ObjectID, len(copies))
	out := make(map[connector.ObjectID]bool, len(copies))
	created := make(map[connector.ObjectID]time.Time, len(copies))
	for i, rec := range copies {
		ids[i] = connector.ObjectID(rec.ID)
		out[ids[i]], created[ids[i]] = !open(typ, rec), wireTime(string(rec.CreatedAt))
	}
	read, err := c.History(ctx, typ, ids, props)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		history, found := read.Found[id]
		if !found || len(history) == 0 {
			out[id] = true
		}
		for _, versions := range history {
			for _, v := range versions {
				late := v.At.Sub(created[id]) > time.Second
				out[id] = out[id] || v.Origin == connector.OriginPerson || v.Origin == connector.OriginUnknown && late
			}
		}
	}
	return out, nil
}
