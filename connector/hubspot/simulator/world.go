package simulator

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Owner is a user who can own records; ID is what hubspot_owner_id holds.
type Owner struct {
	ID, UserID, Email, FirstName, LastName string
	Active                                 bool
	// Zone and Hours are the user's properties hs_standard_time_zone and hs_working_hours, as text.
	Zone, Hours string
	created     string
}

// Link points at another record, for Load and Snapshot.
type Link struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	// Kind is the association type id seen from the record that holds the link; 0 is the default kind.
	Kind int `json:"kind,omitempty"`
}

// CreateContact makes a contact as the actor would in HubSpot. Properties are
// checked as for Set; a taken email is ErrConflict.
func (a *Account) CreateContact(actor Actor, props map[string]string) (string, error) {
	return a.Create(actor, Contacts, props)
}

// CreateCompany makes a company.
func (a *Account) CreateCompany(actor Actor, props map[string]string) (string, error) {
	return a.Create(actor, Companies, props)
}

// Create makes a record of any type, linked to others by the default kind.
func (a *Account) Create(actor Actor, typ string, props map[string]string, links ...Link) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, err := a.table(typ)
	if err != nil {
		return "", fmt.Errorf("create record: %w", err)
	}
	m := a.begin(actor)
	changes, err := a.worldChanges(t, nil, props)
	if err != nil {
		return "", fmt.Errorf("create %s: %w", typ, err)
	}
	targets := make([]*record, len(links))
	for i, l := range links {
		if targets[i], err = a.find(l.Type, l.ID); err != nil {
			return "", fmt.Errorf("create %s: %w", typ, err)
		}
	}
	r := a.create(m, t, changes)
	for i, l := range links {
		a.associate(m, r, targets[i], a.kindOr(l.Kind, t.name, targets[i].t.name))
	}
	a.after(m, r)
	return r.idString(), nil
}

func (a *Account) kindOr(kind int, from, to string) uint16 {
	if kind > 0 && kind < int(noKey) {
		return uint16(kind)
	}
	return a.kinds.main[[2]string{from, to}]
}

// CreateOwner adds an owner and returns the id for hubspot_owner_id.
func (a *Account) CreateOwner(name, email string, active bool) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	first, last, _ := strings.Cut(name, " ")
	n := len(a.owners) + 1
	o := Owner{
		ID: fmt.Sprint(71_000_000 + n*37), UserID: fmt.Sprint(9_000_000 + n*11), Email: email,
		FirstName: first, LastName: last, Active: active, created: isoMillis(a.opts.Now().UnixMilli()),
	}
	a.owners = append(a.owners, o)
	return o.ID
}

// SetOwnerActive deactivates (archives) or reactivates an owner. It fires no
// webhook: HubSpot has none about owners.
func (a *Account) SetOwnerActive(id string, active bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.owners, func(o Owner) bool { return o.ID == id })
	if i < 0 {
		return fmt.Errorf("set owner %q: %w", id, ErrNotFound)
	}
	if was := a.owners[i].Active; was != active {
		a.owners[i].Active = active
		a.note(a.begin(Actor{Kind: System}), Entry{
			Op: OpSet, Type: Owners, ID: id, Property: OwnerActive, Old: strconv.FormatBool(was), New: strconv.FormatBool(active),
		})
	}
	return nil
}

// SetOwnerHours gives the user of an owner a time zone and working hours, as the properties hs_standard_time_zone and
// hs_working_hours have them, a JSON list such as [{"days":"MONDAY_TO_FRIDAY","startMinute":540,"endMinute":1020}].
// Nothing checks them: an account may hold anything.
func (a *Account) SetOwnerHours(id, zone, hours string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.owners, func(o Owner) bool { return o.ID == id })
	if i < 0 {
		return fmt.Errorf("set hours of owner %q: %w", id, ErrNotFound)
	}
	a.owners[i].Zone, a.owners[i].Hours = zone, hours
	return nil
}

// Owners lists the owners in order of creation.
func (a *Account) Owners() []Owner {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.owners)
}

// Set changes properties as a user, another system or HubSpot itself. Users
// may move a lifecycle stage back; integrations may not, silently.
func (a *Account) Set(actor Actor, typ, id string, props map[string]string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	r, err := a.find(typ, id)
	if err != nil {
		return fmt.Errorf("set properties: %w", err)
	}
	changes, err := a.worldChanges(r.t, r, props)
	if err != nil {
		return fmt.Errorf("set properties of %s %q: %w", typ, id, err)
	}
	m := a.begin(actor)
	if a.apply(m, r, guardStage(actor, r, changes)) {
		a.after(m, r)
	}
	return nil
}

// worldChanges checks values as HubSpot's pages would; read-only ones are
// allowed, for the world may play HubSpot itself.
func (a *Account) worldChanges(t *table, r *record, props map[string]string) ([]change, error) {
	changes, problems, _ := a.check(t, props, true)
	if len(problems) > 0 {
		return nil, fmt.Errorf("%s: %s: %w", problems[0].Name, problems[0].Message, ErrInvalid)
	}
	if why := a.strayStage(t, r, changes); why != "" {
		return nil, fmt.Errorf("%s: %w", why, ErrInvalid)
	}
	if c := a.conflict(t, r, changes); c != nil {
		return nil, fmt.Errorf("%s %q of %s: %w", c.property.Name, c.value, c.holder.idString(), ErrConflict)
	}
	return changes, nil
}

// Associate links two records by the default kind.
func (a *Account) Associate(actor Actor, fromType, fromID, toType, toID string) error {
	return a.pair(fromType, fromID, toType, toID, func(x, y *record) error {
		kind := a.kinds.main[[2]string{x.t.name, y.t.name}]
		if kind == 0 {
			return fmt.Errorf("associate %s with %s: %w", fromType, toType, ErrInvalid)
		}
		a.associate(a.begin(actor), x, y, kind)
		return nil
	})
}

// Disassociate removes every link between two records.
func (a *Account) Disassociate(actor Actor, fromType, fromID, toType, toID string) error {
	return a.pair(fromType, fromID, toType, toID, func(x, y *record) error {
		a.disassociate(a.begin(actor), x, y)
		return nil
	})
}

func (a *Account) pair(fromType, fromID, toType, toID string, do func(x, y *record) error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	x, err := a.find(fromType, fromID)
	if err != nil {
		return fmt.Errorf("link records: %w", err)
	}
	y, err := a.find(toType, toID)
	if err != nil {
		return fmt.Errorf("link records: %w", err)
	}
	return do(x, y)
}

// Archive puts a record into the recycle bin.
func (a *Account) Archive(actor Actor, typ, id string) error {
	return a.on(typ, id, func(r *record) error {
		a.archive(a.begin(actor), r)
		return nil
	})
}

// Restore takes a record out of the recycle bin.
func (a *Account) Restore(actor Actor, typ, id string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, err := a.table(typ)
	if err != nil {
		return fmt.Errorf("restore record: %w", err)
	}
	r := t.byID[parseID(id)]
	if r == nil || r.purged || r.survivor != nil || r.cur.archived == 0 {
		return fmt.Errorf("restore %s %q: %w", typ, id, ErrNotFound)
	}
	return a.restore(a.begin(actor), r)
}

// PrivacyDelete removes a record for good (GDPR).
func (a *Account) PrivacyDelete(actor Actor, typ, id string) error {
	return a.on(typ, id, func(r *record) error {
		a.purge(a.begin(actor), r)
		return nil
	})
}

// Merge joins two records of one type into a new one and returns its id; the
// old ids lead to it (hubspot-api 5.5).
func (a *Account) Merge(actor Actor, typ, winner, loser string) (string, error) {
	id := ""
	err := a.pair(typ, winner, typ, loser, func(w, l *record) error {
		if w == l {
			return fmt.Errorf("merge %s %q with itself: %w", typ, winner, ErrInvalid)
		}
		id = a.merge(a.begin(actor), w, l).idString()
		return nil
	})
	return id, err
}

// SetModified sets a record's modified time, for tests of ties and order.
func (a *Account) SetModified(typ, id string, at time.Time) error {
	return a.on(typ, id, func(r *record) error {
		r.restamp()
		r.cur.modified = at.UnixMilli()
		a.show(a.begin(Actor{Kind: System}), r)
		return nil
	})
}

func (a *Account) on(typ, id string, do func(*record) error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	r, err := a.find(typ, id)
	if err != nil {
		return err
	}
	return do(r)
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
