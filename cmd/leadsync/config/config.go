package config

import (
	"fmt"
	"os"
	"time"

	"leadsync/workflows"
)

// Config is one installation: one process or several that share a database.
type Config struct {
	// Database is where everything is kept.
	Database Database
	// Listen is the host:port of the receiver, the health checks and the metrics.
	Listen string
	// Model is the path of the model file, resolved against the folder of this file.
	Model string
	// Schedules say when to sweep.
	Schedules Schedules
	// Limits say how much to do at most.
	Limits Limits
	// Retention says how long what grows is kept.
	Retention workflows.Retention
	// Log says what is logged and how.
	Log Log
	// CredentialsKey is the source of the key that encrypts what OAuth stores, 32 bytes in base64;
	// PreviousCredentialsKey is accepted too while a key is being exchanged. Zero if no portal uses OAuth.
	CredentialsKey, PreviousCredentialsKey SecretSource
	// Portals are the CRM accounts, at least one, in the order of the file.
	Portals []Portal
}

// Portal gives the portal with a name, and false if there is none.
func (c *Config) Portal(name string) (Portal, bool) {
	for _, p := range c.Portals {
		if p.Name == name {
			return p, true
		}
	}
	return Portal{}, false
}

// Database says where the tables are. Exactly one of File and URL is set.
type Database struct {
	// File is the path of an SQLite database, resolved against the folder of the configuration file.
	File string
	// URL is a PostgreSQL URL without a password.
	URL string
	// Password is the source of the password for URL; zero if the server asks for none.
	Password SecretSource
}

// Schedules are cron specs that ParseSchedule understands, and how far sweeps reach back.
type Schedules struct {
	// Contacts is the sweep of changed contacts.
	Contacts string
	// Activities is the sweep of changed calls and meetings.
	Activities string
	// Companies is the sweep of changed companies.
	Companies string
	// Deals is the sweep of changed deals.
	Deals string
	// Owners is the reading of owners and of the account's definitions.
	Owners string
	// CatchUpOverlap is how far a sweep reaches back behind its watermark, because search lags behind the
	// records. From 30 s to 24 h.
	CatchUpOverlap time.Duration
	// Repair is when a new walk through the whole account begins, unless one is under way. The walk itself goes
	// on in between, as slowly as Limits.RepairCallsPerMinute says.
	Repair string
	// Submissions is the reading of submissions of forms, in portals that switch that source on.
	Submissions string
	// Prune is the removal of stored deliveries and settled entries that nobody needs any more.
	Prune string
}

// Limits are how much is done at most.
type Limits struct {
	// TasksPerHour pauses the class of tasks for a portal when those sent in a rolling hour and those that wait are more:
	// nothing of what is too much is sent before somebody has released it.
	TasksPerHour int
	// DealsPerHour does the same for deals.
	DealsPerHour int
	// StageMovesPerHour does the same for moves of the lifecycle stage.
	StageMovesPerHour int
	// StageMovesPercent lowers that to so many percent of the stored contacts; 0 does not.
	StageMovesPercent int
	// ListChangesPerHour does the same for memberships of static lists, which can start mailings.
	ListChangesPerHour int
	// CompanyMovesPerHour does the same for moves of the lifecycle stage of companies, which the account may carry on to
	// all contacts of the company.
	CompanyMovesPerHour int
	// OwnerChangesPerHour does the same for owners of contacts.
	OwnerChangesPerHour int
	// DeletionsPerHour does the same for contacts that are deleted.
	DeletionsPerHour int
	// NewContactsPerHour is how many new contacts of other programs are news within an hour; of more, those that are found
	// then are held as if they had been there before go-live. 0: any number is news.
	NewContactsPerHour int
	// ReservePercent of every limit of an account is left to its other integrations.
	ReservePercent int
	// GeneralPerSecond are calls per second and portal to everything but search, at most (hubspot-api 4); 0
	// follows what the account states, less the reserve.
	GeneralPerSecond float64
	// SearchPerSecond are calls per second and portal to search, which has a budget of its own (hubspot-api 4).
	SearchPerSecond float64
	// RepairCallsPerMinute is how many calls a minute and portal the repair walk may have; 0 switches it off.
	RepairCallsPerMinute int
	// BodyBytes is the largest webhook body that is read.
	BodyBytes int64
	// Connections is how many connections to the receiver are open at most, ConnectionsPerAddress how many of them from
	// one address; a load balancer is one address. New ones close those that have waited longest.
	Connections, ConnectionsPerAddress int
	// DatabaseConnections is how many connections a process has to PostgreSQL at most. The server's max_connections must
	// suffice for all processes together.
	DatabaseConnections int
	// BatchWindow is how long due contacts wait for company, so that one call reads many.
	BatchWindow time.Duration
	// Lease is how long a worker owns a portal without renewing; a dead worker's portal is idle so long.
	Lease time.Duration
}

// PerHour gives the limits of the classes that have one, as the outbox wants them.
func (l Limits) PerHour() map[workflows.Class]int {
	return map[workflows.Class]int{
		workflows.ClassTask:  l.TasksPerHour,
		workflows.ClassDeal:  l.DealsPerHour,
		workflows.ClassStage: l.StageMovesPerHour,
		workflows.ClassList:  l.ListChangesPerHour,

		workflows.ClassCompany: l.CompanyMovesPerHour,
		workflows.ClassOwner:   l.OwnerChangesPerHour,
		workflows.ClassDelete:  l.DeletionsPerHour,
	}
}

// Shares gives the limits as percentages of the stored contacts, of the classes that have one.
func (l Limits) Shares() map[workflows.Class]int {
	if l.StageMovesPercent == 0 {
		return nil
	}
	return map[workflows.Class]int{workflows.ClassStage: l.StageMovesPercent}
}

// Log says what is logged and how.
type Log struct {
	// Level is debug, info, warn or error.
	Level string
	// Format is auto (text on a terminal, JSON elsewhere), text or json.
	Format string
}

// Load reads the file at path. The error is *Problems if the file could be read but holds mistakes.
func Load(path string) (*Config, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w; name it with --config", err)
	}
	return Parse(path, text)
}

// Parse reads a configuration from text. Name is the file's path: it stands in messages, and paths in the
// text are resolved against its folder. Nothing is read or looked up but time zones. The error is *Problems.
func Parse(name string, text []byte) (*Config, error) {
	doc := open(name, text)
	c := Default()
	if root := doc.root(); root != nil {
		readConfig(root, &c)
	}
	if len(doc.problems) > 0 {
		doc.problems.sort()
		return nil, &doc.problems
	}
	return &c, nil
}
