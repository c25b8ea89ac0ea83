package config

import (
	"leadsync/connector"
	"leadsync/workflows"
)

// Clock says whose time business time is.
type Clock string

// The clocks of a portal.
const (
	// ClockMachine takes the machine's time.
	ClockMachine Clock = "machine"
	// ClockSimulator takes the simulated account's time, which may run fast; only on the loopback address.
	ClockSimulator Clock = "simulator"
)

// Portal is one account of one CRM.
type Portal struct {
	// Name is the nickname for people: in logs, metrics and commands. Unique in the file.
	Name string
	// CRM is the kind of CRM; this release knows hubspot.
	CRM string
	// Account is the account's own number. It is compared with the token's account before anything is written.
	Account connector.PortalID
	// Token is the source of the access token.
	Token SecretSource
	// OAuth gets the tokens instead; exactly one of Token and OAuth is set.
	OAuth OAuth
	// BaseURL is the root of the CRM's API without a slash at the end.
	BaseURL string
	// AllowPrivateAddress lets BaseURL lead to addresses that are not on the public internet. Without it no connection is
	// made to one, whatever the host's name leads to.
	AllowPrivateAddress bool
	// ProxyFromEnvironment takes the proxy to the CRM from HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
	ProxyFromEnvironment bool
	// Versions overrides the API's version by family of endpoints, such as lists or associations
	// (hubspot-api 1.3).
	Versions map[string]string
	// Webhooks say how the CRM tells of changes.
	Webhooks Webhooks
	// Clock says whose time business time is.
	Clock Clock
	// Effects holds the mode of every class of effect.
	Effects map[workflows.Class]workflows.Mode
	// Acknowledged is the code with which `leadsync doctor` names what else acts on stage and status: that
	// somebody has read it. Without the present code both stay in shadow in a real account.
	Acknowledged string
	// Language of reasons and tasks: en or de.
	Language string
	// TimeZone is an IANA name; empty takes the account's own.
	TimeZone string
	// Calendar says when people work.
	Calendar Calendar
	// FallbackOwner owns the tasks of contacts without an active owner; empty leaves them without.
	FallbackOwner string
	// Stages maps the model's names of lifecycle stages to the account's option values (S8).
	Stages map[string]string
	// Statuses maps the model's names of lead statuses to the account's option values (S86, S93).
	Statuses map[string]string
	// Dispositions maps the model's names of call outcomes to the account's ids (hubspot-api 9.1).
	Dispositions map[string][]string
	// Pipelines maps the model's names of pipelines to the account's (S91).
	Pipelines map[string]Pipeline
	// Lists maps the model's names of static lists to the account's ids (S22).
	Lists map[string]string
	// Queues maps the model's names of task queues to the account's ids.
	Queues map[string]string
	// WithoutUniqueKeys says what happens where the account refuses a unique property for our keys.
	WithoutUniqueKeys WithoutUniqueKeys
	// Facts overrides the sources of the model's facts, by fact: contact.PROPERTY or company.PROPERTY.
	Facts map[string]string
	// Off names the kinds of activity of the model, or types of record such as email, that this portal does not
	// want to be tracked, in the order of the file.
	Off []string
	// HoldImports says that contacts which an import makes are held, as those that were there before go-live.
	HoldImports bool
	// FirstLoadHistory reads the property history of every contact at the first load: one call per 50 contacts.
	FirstLoadHistory bool
	// Submissions reads the submissions of the account's forms, PageVisits the visited pages of contacts whose
	// counter has moved: optional sources, off by default.
	Submissions, PageVisits bool
	// Properties are the account's properties that leadsync writes.
	Properties Properties
	// LostReason is the property of deals that says why one was lost.
	LostReason string
	// DealProperties are set on every deal because the account's own rules ask for them.
	DealProperties map[string]string
}

// Simulated reports whether the portal says that its account is a simulated one, in which no effect can do
// harm: its business time is the account's. An address alone does not tell, a proxy may listen on loopback too.
func (p Portal) Simulated() bool { return p.Clock == ClockSimulator }

// Webhooks say how the CRM tells of changes. Without them polling does everything, only later.
type Webhooks struct {
	// Enabled accepts deliveries for this portal.
	Enabled bool
	// TargetURL is the address as the CRM knows it; it is part of what is signed (hubspot-api 3.5).
	TargetURL string
	// AppID is the number of our own app; it tells our own changes from those of others. May be empty.
	AppID string
	// ClientSecret is the source of the secret that signs deliveries.
	ClientSecret SecretSource
	// PreviousClientSecret is accepted too while a secret is being exchanged.
	PreviousClientSecret SecretSource
}

// Pipeline is where deals of one name go.
type Pipeline struct {
	// ID is the account's id of the pipeline.
	ID string
	// Stage is the account's id of the stage in which a deal begins.
	Stage string
	// Stages maps the model's names of stages of the pipeline to the account's ids; nil if there are none.
	Stages map[string]string
}

// Properties are the names of the account's properties that leadsync writes, all different.
type Properties struct {
	// Score holds the sum of the scores.
	Score string
	// Fit holds how well the lead matches the ideal customer.
	Fit string
	// Engagement holds how much interest the lead shows.
	Engagement string
	// Grade and Tier hold what the scores are called, if the model says so.
	Grade, Tier string
	// Reasons holds why, as text for people.
	Reasons string
	// LastReason holds why stage or status were moved last, as text for people.
	LastReason string
	// ScoredAt holds when the scores were written.
	ScoredAt string
	// Key holds the idempotency key of tasks and deals (hubspot-api 7.3).
	Key string
	// Responsible holds whose turn it is, marketing or sales (S21, S22), Missing what a stage lacks that a person set (S83).
	// Empty ones are not written.
	Responsible, Missing string
	// Rank holds the priority in which sales should work, if the model has a ranking (S109); empty: it is not written.
	Rank string
}
