package connector

// Account is the identity of the account behind a token. ID is compared with the configured portal before
// anything is written: a token for the wrong account stops the portal.
type Account struct {
	ID       PortalID
	TimeZone string // IANA name
	Currency string // ISO 4217, may be empty
	// RecordURL is a link to a contact with %s for its id; empty if the CRM does not say.
	RecordURL string
}

// Owner is a user who can own records and tasks.
type Owner struct {
	ID     string
	Name   string
	Email  string
	Active bool
	// Person is false for queues and the like, which cannot be given tasks.
	Person bool
	// Zone is the IANA name of the time zone that the user works in, Hours are the working hours of a week, such as
	// "mon 09:00-12:30, 13:30-17:00; tue 09:00-17:00"; a weekday that is not named is free. Empty: the CRM does not say.
	Zone, Hours string
}

// Property is the definition of one property of a kind of record.
type Property struct {
	Name     string
	Label    string
	Type     string // the CRM's type: string, number, bool, date, datetime, enumeration
	ReadOnly bool
	Unique   bool
	Options  []Option // in display order; only for enumerations
}

// Option is one value of an enumeration.
type Option struct {
	Value  string // internal value, may be a numeric id
	Label  string
	Order  int
	Hidden bool
}

// Pipeline is a sequence of deal stages.
type Pipeline struct {
	ID     string
	Label  string
	Stages []PipelineStage // in display order
}

// PipelineStage is one stage of a pipeline. Won and Lost come from the CRM's own metadata.
type PipelineStage struct {
	ID    string
	Label string
	Won   bool
	Lost  bool
}

// Names are the CRM's own names of the properties that the story needs of every account.
type Names struct {
	Stage, Status, Owner, FirstName, LastName, Email, Company string // on contacts
	CompanyID                                                 string // on contacts: id of the primary company
	MergedIDs                                                 string // on contacts: ids merged into it, separated by ";"; empty: the CRM has none
	CompanyName                                               string // on companies
	CompanyStage                                              string // on companies: their lifecycle stage; empty: the CRM has none
	ActivityTime                                              string // on calls and meetings
	DealStage, DealPipeline, DealClosed, DealWon              string // on deals
	DealAmount, DealHomeAmount                                string // on deals: in their currency, and in the account's; the second may be empty
	DealClosedAt, DealLostReason                              string // on deals: when they closed or will close, and why they were lost
	DealOwner                                                 string // on deals: who owns them
	TaskKind, TaskStatus, TaskOwner, TaskPriority             string // on tasks; empty: tasks of other people are not read
	TaskNew, TaskDone                                         string // the values of TaskStatus that a new and a completed task have
	MeetingOutcome, MeetingOff                                string // on meetings, and its value of those that do not take place
	Sequence                                                  string // on contacts: "true" while one is in a sequence of mails and tasks; empty: the CRM has none
	Submissions, PageVisits                                   string // on contacts: the counters of what optional sources list
	VisitEvent                                                string // type of the event of a visited page
	Source, Imported, Integrated                              string // on contacts: what made them, and its values for an import and for other programs; empty: the CRM does not say
}
