package sim_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	_ "modernc.org/sqlite" // reads the database beside leadsync

	"leadsync/connector/hubspot/simulator"
)

// known compares what leadsync knows with what is there: whatever was announced or not, every fact has arrived.
func (p *play) known() {
	db := p.beside()
	mirror, err := mirrored(db)
	if err != nil {
		p.violate(checkRun, "read the mirror: %v", err)
		return
	}
	p.untold, p.unmerged = map[string]bool{}, map[string]bool{}
	for _, e := range p.account.LostEvents() {
		p.untold[e.ObjectID] = true
		if strings.HasSuffix(e.Kind, ".merge") {
			p.unmerged[e.ObjectID] = true
		}
	}
	for typ, singular := range map[string]string{contacts: "contact", simulator.Calls: "call", simulator.Meetings: "meeting", simulator.Deals: "deal", simulator.Tasks: "task"} {
		for _, o := range p.account.Objects(typ) {
			if typ == simulator.Tasks && isOurs(o) {
				continue // what became of ours is in its own table
			}
			p.same(singular, o, mirror[singular+"/"+o.ID])
		}
	}
	p.forgotten(db)
}

// same compares one record.
func (p *play) same(typ string, o simulator.Object, known *record) {
	switch {
	case o.Archived && known == nil, o.Archived && known.gone:
		return
	case o.Archived && typ != "contact": // no feed tells that an activity was deleted, only the slow walk
		return
	case o.Archived && p.untold[o.ID]: // search does not show what was deleted: without its webhook only the slow walk tells
		return
	case o.Archived:
		p.violate(checkLost, "%s %s was deleted, and leadsync does not know", typ, o.ID)
		return
	case known == nil && typ != "contact" && len(p.account.Associations(typ+"s", o.ID, contacts)) == 0:
		return // what belonged to somebody who was deleted for good is forgotten with them
	case known == nil:
		p.violate(checkLost, "leadsync knows nothing of %s %s", typ, o.ID)
		return
	case known.gone:
		p.violate(checkLost, "leadsync takes %s %s for deleted", typ, o.ID)
		return
	}
	for name, value := range known.props {
		if now := o.Properties[name]; now != value && !ours(name) && !sameTime(now, value) {
			p.violate(checkLost, "%s %s: leadsync knows %s %q, but it is %q", typ, o.ID, name, value, now)
		}
	}
}

// ours are properties that leadsync does not read after it wrote them, and those that the CRM counts on as time goes by.
func ours(name string) bool {
	return strings.HasPrefix(name, "leadsync_") || name == "fax" || strings.HasPrefix(name, "hs_last") || strings.HasPrefix(name, "lastmod")
}

// sameTime reports whether two texts are one instant.
func sameTime(x, y string) bool {
	a, err := time.Parse(time.RFC3339Nano, x)
	b, berr := time.Parse(time.RFC3339Nano, y)
	return err == nil && berr == nil && a.Equal(b)
}

// record is what leadsync knows of a record.
type record struct {
	gone  bool
	props map[string]string
}

func mirrored(db *sql.DB) (map[string]*record, error) {
	rows, err := db.QueryContext(context.Background(), `SELECT type, id, removed_at IS NOT NULL OR archived <> 0, properties FROM objects`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]*record{}
	for rows.Next() {
		var typ, id, props string
		r := &record{}
		if err := rows.Scan(&typ, &id, &r.gone, &props); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(props), &r.props); err != nil {
			return nil, err
		}
		out[typ+"/"+id] = r
	}
	return out, rows.Err()
}

// severed reports whether news of a merge that led to a contact were lost: nobody knows then that its farewell is theirs too.
func (p *play) severed(id string) bool {
	return p.unmerged[id] || slices.ContainsFunc(p.into[id], p.severed)
}

// forgotten looks through every table for those who were deleted for good.
func (p *play) forgotten(db *sql.DB) {
	if len(p.purged) == 0 {
		return
	}
	tables, err := column(db, `SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'tombstones'`)
	if err != nil {
		p.violate(checkRun, "list tables: %v", err)
		return
	}
	for _, table := range tables {
		rows, err := db.QueryContext(context.Background(), "SELECT * FROM "+table)
		if err != nil {
			p.violate(checkRun, "read %s: %v", table, err)
			return
		}
		p.search(table, rows)
	}
}

func column(db *sql.DB, query string) ([]string, error) {
	rows, err := db.QueryContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	return out, rows.Err()
}

func (p *play) search(table string, rows *sql.Rows) {
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return
	}
	values, into := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if rows.Scan(into...) != nil {
			return
		}
		for i, v := range values {
			text := fmt.Sprintf("%s", v)
			for id, email := range p.purged {
				if p.untold[id] || p.severed(id) { // only the slow walk tells
					continue
				}
				if text == id || email != "" && strings.Contains(text, email) {
					p.violate(checkPrivacy, "%s was deleted for good, but stands in %s.%s", id, table, names[i])
				}
			}
		}
	}
}

// twice looks for what is there twice: a key, an open task that one rule asked for, a deal.
func (p *play) twice() {
	keys, alike := map[string]string{}, map[string]string{}
	for _, typ := range []string{simulator.Tasks, simulator.Deals} {
		for _, o := range p.account.Objects(typ) {
			key := o.Properties["leadsync_key"]
			if key == "" {
				continue
			}
			if other := keys[key]; other != "" {
				p.violate(checkDoubled, "key %q is on %s %s and on %s", key, typ, o.ID, other)
			}
			keys[key] = typ + " " + o.ID
			if o.Archived || o.Properties["hs_task_status"] == "COMPLETED" || o.Properties["hs_is_closed"] == "true" || subject(o) == "Mine" {
				continue
			}
			for _, l := range p.account.Associations(typ, o.ID, contacts) {
				if typ == simulator.Deals && p.merged[l.ID] {
					continue // both had one, and a deal is never put away: it may be somebody's work
				}
				same := typ + " of " + l.ID + " " + o.Properties["hs_task_type"]
				if other := alike[same]; other != "" {
					p.violate(checkDoubled, "contact %s has two open %s alike: %s and %s", l.ID, typ, other, o.ID)
				}
				alike[same] = o.ID
			}
		}
	}
}
