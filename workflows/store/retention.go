package store

import (
	"fmt"
	"time"

	"leadsync/workflows"
)

// Table says of one table what it holds and how long.
type Table struct {
	Name  string
	Holds string
	// Kept says how long and, if not by age, why.
	Kept string
	// Key is the key below `retention` that says how long; empty: no key does.
	Key string
	// Personal says that it holds what belongs to a person: ids, addresses, names or values.
	Personal bool
}

// Reasons for which no age ends a row.
const (
	withContact = "as long as the contact; facts and scores are made of it"
	withState   = "as long as it is so of the contact"
	onePer      = "one row per "
	untilDone   = "until it is done"
)

// Tables lists every table of the database. Whoever adds one says here how long its rows are kept; a test compares the
// list with the database, and the README with the list.
func Tables(keep workflows.Retention) []Table {
	days := func(d time.Duration) string { return fmt.Sprintf("%d days", d/(24*time.Hour)) }
	return append([]Table{
		{Name: "deliveries", Holds: "webhook requests as they came", Kept: days(keep.Deliveries), Key: "deliveries", Personal: true},
		{Name: "event_keys", Holds: "by what a repeated event is known", Kept: days(keep.Deliveries), Key: "deliveries"},
		{Name: "told_merges", Holds: "contacts that webhooks told to be merged away", Kept: days(keep.Deliveries) + ": as long as the webhooks that name them", Key: "deliveries", Personal: true},
		{Name: "outbox", Holds: "effects, intended and done", Kept: days(keep.Outbox) + " after they are settled, cancelled or recorded in shadow; never while ready, sending or parked, nor while the contact's state or a task's day refers to them", Key: "outbox", Personal: true},
		{Name: "task_days", Holds: "on whose day tasks are due", Kept: days(keep.Outbox) + " after that day; never while the contact's state knows the task", Key: "outbox", Personal: true},
		{Name: "decisions", Holds: "every decision, with its reason", Kept: days(keep.Decisions) + "; never the last one about a contact", Key: "decisions", Personal: true},
		{Name: "answers", Holds: "what the CRM answered", Kept: days(keep.Decisions) + "; never of an effect that is not over", Key: "decisions", Personal: true},
		{Name: "objects", Holds: "the mirror: contacts, companies, activities, deals", Kept: "as long as the CRM has it; removed activities, deals and companies " + days(keep.Removed) + "; removed contacts until the CRM has them nowhere", Key: "removed", Personal: true},
		{Name: "links", Holds: "what belongs to what", Kept: "as long as it does; " + days(keep.Removed) + " after it ended, or as long as a removed end is kept", Key: "removed", Personal: true},
		{Name: "submissions", Holds: "submissions of forms", Kept: "as long as the contact; " + days(keep.Submissions) + " if no contact has the address", Key: "submissions", Personal: true},
		{Name: "visits", Holds: "visits to pages", Kept: days(keep.Visits), Key: "visits", Personal: true},
		{Name: "clocks", Holds: "how fast leads were answered", Kept: days(keep.Measurements) + "; never while it runs", Key: "measurements", Personal: true},
		{Name: "qualifications", Holds: "which leads qualified, and how they turned out", Kept: days(keep.Measurements), Key: "measurements", Personal: true},
		{Name: "feed_hours", Holds: "how complete and late the news were, by hour", Kept: days(keep.Measurements), Key: "measurements"},
		{Name: "calls", Holds: "calls to the CRM, by day", Kept: days(keep.Measurements), Key: "measurements"},
		{Name: "sendings", Holds: "the ledger of the hourly limits", Kept: "1 day; never of an effect that may be sent again", Personal: true},
		{Name: "announcements", Holds: "which records webhooks named", Kept: days(keepMatches), Personal: true},
		{Name: "unannounced", Holds: "changes that no webhook named", Kept: days(keepMatches), Personal: true},
		{Name: "arrivals", Holds: "new contacts of other programs, by minute", Kept: "2 hours"},
		{Name: "observations", Holds: "nothing any more", Kept: "emptied"},
	}, lastingTables()...)
}

// lastingTables are those of which no row goes because of its age.
func lastingTables() []Table {
	return []Table{
		{Name: "versions", Holds: "the past of contacts: property, value, when", Kept: withContact, Personal: true},
		{Name: "leads", Holds: "what was decided about a contact: stage, episodes, open tasks, leases, cool-downs", Kept: "as long as the contact: what was done must not be done again", Personal: true},
		{Name: "due", Holds: "what is to be looked at, and when again", Kept: "as long as the record", Personal: true},
		{Name: "pushes", Holds: "the last value written, per property", Kept: "as long as the record: by it our own echo is known", Personal: true},
		{Name: "aliases", Holds: "contacts that were merged away", Kept: "as long as the survivor: late news of the old id find it", Personal: true},
		{Name: "record_aliases", Holds: "other records that were merged away, ids only", Kept: "always: late news of the old id find the survivor"},
		{Name: "tombstones", Holds: "what a process of the release before erased", Kept: "until the next round, which makes hashes of the ids", Personal: true},
		{Name: "erasures", Holds: "keyed hashes of what was erased", Kept: "always: nobody who was erased comes back"},
		{Name: "erasure_keys", Holds: "the key of these hashes", Kept: onePer + "portal"},
		{Name: "visits_wanted", Holds: "whose visits are to be read", Kept: untilDone, Personal: true},
		{Name: "backfills", Holds: "follow-ups that were ordered", Kept: untilDone, Personal: true},
		{Name: "quarantine", Holds: "records that are left alone because they fail", Kept: "until the record changes, works or is released", Personal: true},
		{Name: "probes", Holds: "rows by which a process finds out whether the database takes writes", Kept: "a moment"},
		{Name: "unprofiled", Holds: "who must not be profiled", Kept: withState, Personal: true},
		{Name: "violations", Holds: "which invariants a contact breaks", Kept: withState, Personal: true},
		{Name: "frozen", Holds: "what the model does not move", Kept: withState, Personal: true},
		{Name: "judgements", Holds: "who was judged misjudged", Kept: withState, Personal: true},
		{Name: "owners", Holds: "the users of the CRM", Kept: "as the CRM lists them", Personal: true},
		{Name: "portals", Holds: "the accounts", Kept: onePer + "account"},
		{Name: "leases", Holds: "who works an account", Kept: onePer + "account"},
		{Name: "workers", Holds: "the processes that are alive", Kept: "ten lives after the last sign of one"},
		{Name: "models", Holds: "the models that were used", Kept: onePer + "version: decisions name it"},
		{Name: "modes", Holds: "the effect switches", Kept: onePer + "class"},
		{Name: "effect_pauses", Holds: "classes that a limit has paused", Kept: "until they are released"},
		{Name: "feeds", Holds: "how far the feeds are read", Kept: onePer + "feed"},
		{Name: "forms", Holds: "how far submissions are read", Kept: onePer + "form"},
		{Name: "fills", Holds: "what records were asked for", Kept: onePer + "kind"},
		{Name: "reevaluations", Holds: "the walk over all contacts", Kept: onePer + "account"},
		{Name: "credentials", Holds: "grants, encrypted", Kept: "until `leadsync connect --disconnect`"},
	}
}
