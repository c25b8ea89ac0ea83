package simulator

// The object types of the account, by the plural that paths use.
const (
	Contacts       = "contacts"
	Companies      = "companies"
	Deals          = "deals"
	Calls          = "calls"
	Emails         = "emails"
	Meetings       = "meetings"
	Notes          = "notes"
	Tasks          = "tasks"
	Communications = "communications"
)

// Owners is the type of the journal's entries about owners, who are no records: paths know them by another API.
const Owners = "owners"

// objectType holds what differs from type to type on the wire.
type objectType struct {
	name, typeID, singular string
	createdName, modName   string
	defaults               []string // returned when the caller names no properties
	scope                  string   // crm.objects.<scope>.read / .write
	needsTimestamp         bool     // activities: hs_timestamp is required (hubspot-api 7.1)
}

func objectTypes() []objectType {
	activity := []string{"hs_createdate", "hs_lastmodifieddate", "hs_object_id"}
	kind := func(name, id, singular string) objectType {
		return objectType{
			name: name, typeID: id, singular: singular, createdName: "hs_createdate",
			modName: "hs_lastmodifieddate", defaults: activity, scope: Contacts, needsTimestamp: true,
		}
	}
	return []objectType{
		{
			name: Contacts, typeID: "0-1", singular: "contact", createdName: "createdate", modName: "lastmodifieddate", scope: Contacts,
			defaults: []string{"createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"},
		},
		{
			name: Companies, typeID: "0-2", singular: "company", createdName: "createdate", modName: "hs_lastmodifieddate", scope: Companies,
			defaults: []string{"createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"},
		},
		{
			name: Deals, typeID: "0-3", singular: "deal", createdName: "createdate", modName: "hs_lastmodifieddate", scope: Deals,
			defaults: []string{"amount", "closedate", "createdate", "dealname", "dealstage", "hs_lastmodifieddate", "hs_object_id", "pipeline"},
		},
		kind(Calls, "0-48", "call"), kind(Emails, "0-49", "email"), kind(Meetings, "0-47", "meeting"),
		kind(Notes, "0-46", "note"), kind(Tasks, "0-27", "task"), kind(Communications, "0-18", "communication"),
	}
}

// canonicalType turns "0-1", "contact" and "contacts" into "contacts"; unknown names stay.
func canonicalType(s string) string {
	switch s {
	case "0-1", "contact":
		return Contacts
	case "0-2", "company":
		return Companies
	case "0-3", "deal":
		return Deals
	case "0-48", "call":
		return Calls
	case "0-49", "email":
		return Emails
	case "0-47", "meeting":
		return Meetings
	case "0-46", "note":
		return Notes
	case "0-27", "task":
		return Tasks
	case "0-18", "communication":
		return Communications
	}
	return s
}

// association is one HubSpot-defined kind of link (hubspot-api 7.2, 8, 9.1).
type association struct {
	from, to string
	id       uint16
	label    string // "Primary" or empty
	isMain   bool   // what the default endpoints make
}

// associationKinds lists both directions of every kind the account knows.
func associationKinds() []association {
	var out []association
	pair := func(from, to string, id, back uint16) {
		out = append(out, association{from: from, to: to, id: id, isMain: true}, association{from: to, to: from, id: back, isMain: true})
	}
	pair(Contacts, Companies, 279, 280)
	pair(Deals, Contacts, 3, 4)
	pair(Deals, Companies, 341, 342)
	pair(Calls, Contacts, 194, 193)
	pair(Emails, Contacts, 198, 197)
	pair(Meetings, Contacts, 200, 199)
	pair(Notes, Contacts, 202, 201)
	pair(Tasks, Contacts, 204, 203)
	pair(Communications, Contacts, 81, 82)
	pair(Calls, Companies, 182, 181)
	pair(Emails, Companies, 186, 185)
	pair(Meetings, Companies, 188, 187)
	pair(Notes, Companies, 190, 189)
	pair(Tasks, Companies, 192, 191)
	pair(Communications, Companies, 87, 88)
	pair(Calls, Deals, 206, 205)
	pair(Emails, Deals, 210, 209)
	pair(Meetings, Deals, 212, 211)
	pair(Notes, Deals, 214, 213)
	pair(Tasks, Deals, 216, 215)
	pair(Communications, Deals, 85, 86)
	return append(out,
		association{from: Contacts, to: Companies, id: 1, label: "Primary"}, association{from: Companies, to: Contacts, id: 2, label: "Primary"},
		association{from: Deals, to: Companies, id: 5, label: "Primary"}, association{from: Companies, to: Deals, id: 6, label: "Primary"})
}

// linkKinds finds association kinds without walking the list.
type linkKinds struct {
	main map[[2]string]uint16
	back map[uint16]uint16 // ids are unique over all pairs
	of   map[uint16]association
}

func newLinkKinds() linkKinds {
	k := linkKinds{main: map[[2]string]uint16{}, back: map[uint16]uint16{}, of: map[uint16]association{}}
	all := associationKinds()
	for _, a := range all {
		k.of[a.id] = a
		if a.isMain {
			k.main[[2]string{a.from, a.to}] = a.id
		}
		for _, b := range all {
			if b.from == a.to && b.to == a.from && b.label == a.label {
				k.back[a.id] = b.id
			}
		}
	}
	return k
}

// fits says whether kind id leads from one type to the other.
func (k linkKinds) fits(id uint16, from, to string) bool {
	a, ok := k.of[id]
	return ok && a.from == from && a.to == to
}
