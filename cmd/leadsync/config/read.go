package config

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"leadsync/connector"
)

// readConfig fills c, which holds the defaults, from the top of the file.
func readConfig(m *mapping, c *Config) {
	readDatabase(m, &c.Database)
	c.Database.File = m.doc.resolve(c.Database.File)
	readListen(m, &c.Listen)
	m.text("model", "model.yaml", &c.Model)
	c.Model = m.doc.resolve(c.Model)
	readSchedules(m.child("schedules"), &c.Schedules)
	readLimits(m.child("limits"), &c.Limits)
	readRetention(m.child("retention"), &c.Retention)
	logs := m.child("log")
	choice(logs, "level", &c.Log.Level, "log level", "debug", "info", "warn", "error")
	choice(logs, "format", &c.Log.Format, "log format", "auto", "text", "json")
	logs.close()
	readKeys(m, c)
	c.Portals = readPortals(m)
	checkKeys(m, c)
	m.close()
}

func readDatabase(m *mapping, db *Database) {
	var source string
	node := m.text("database", "leadsync.db", &source)
	m.source("database_password", &db.Password)
	if node != nil {
		if scheme, _, found := strings.Cut(source, "://"); found {
			db.URL, db.File = source, ""
			m.checkDatabaseURL(node, scheme, source)
			return
		}
		db.File = source
		if strings.Contains(source, ":memory:") {
			m.report("database", node, "a database in memory forgets its promises", "write the name of a file")
		}
	}
	if !db.Password.IsZero() {
		key := "database_password_env"
		if db.Password.Env == "" {
			key = "database_password_file"
		}
		m.report(key, nil, "contradicts database, which is an SQLite file and has no password",
			"remove it, or write a postgres:// URL as database")
	}
}

func readListen(m *mapping, listen *string) {
	node := m.text("listen", "127.0.0.1:8080", listen)
	if node == nil {
		return
	}
	_, port, err := net.SplitHostPort(node.Value)
	number, portErr := strconv.Atoi(port)
	if err != nil || portErr != nil || number < 0 || number > 65535 {
		m.report("listen", node, fmt.Sprintf("%q is no address to listen on", node.Value), "write host:port, such as 127.0.0.1:8080")
	}
}

func readSchedules(m *mapping, s *Schedules) {
	m.schedule("contacts", &s.Contacts)
	m.schedule("activities", &s.Activities)
	m.schedule("companies", &s.Companies)
	m.schedule("deals", &s.Deals)
	m.schedule("owners", &s.Owners)
	m.schedule("form_submissions", &s.Submissions)
	m.schedule("repair", &s.Repair)
	m.schedule("prune", &s.Prune)
	// Search shows a change up to half a minute late (hubspot-api 5.4).
	m.duration("catch_up_overlap", &s.CatchUpOverlap, 30*time.Second, 24*time.Hour)
	m.close()
}

func readLimits(m *mapping, l *Limits) {
	m.integer("tasks_per_hour", &l.TasksPerHour, 1, 1_000_000)
	m.integer("deals_per_hour", &l.DealsPerHour, 1, 1_000_000)
	m.integer("stage_moves_per_hour", &l.StageMovesPerHour, 1, 1_000_000)
	m.integer("stage_moves_percent", &l.StageMovesPercent, 0, 100)
	m.integer("list_changes_per_hour", &l.ListChangesPerHour, 1, 1_000_000)
	m.integer("company_moves_per_hour", &l.CompanyMovesPerHour, 1, 1_000_000)
	m.integer("owner_changes_per_hour", &l.OwnerChangesPerHour, 1, 1_000_000)
	m.integer("deletions_per_hour", &l.DeletionsPerHour, 1, 1_000_000)
	m.integer("new_contacts_per_hour", &l.NewContactsPerHour, 0, 1_000_000)
	m.integer("reserve_percent", &l.ReservePercent, 0, 90)
	m.rate("general_per_second", &l.GeneralPerSecond)
	m.rate("search_per_second", &l.SearchPerSecond)
	m.integer("repair_calls_per_minute", &l.RepairCallsPerMinute, 0, 6000)
	m.size("body_bytes", &l.BodyBytes, 1<<10, 64<<20)
	m.integer("connections", &l.Connections, 16, 100_000)
	m.integer("connections_per_address", &l.ConnectionsPerAddress, 1, 100_000)
	m.integer("database_connections", &l.DatabaseConnections, 2, 1000)
	m.duration("batch_window", &l.BatchWindow, 0, time.Minute)
	m.duration("lease", &l.Lease, 2*time.Second, time.Hour)
	m.close()
	if l.BatchWindow >= l.Lease {
		m.report("batch_window", nil, fmt.Sprintf("is not shorter than lease, which is %s", l.Lease),
			"shorten batch_window or lengthen lease")
	}
}

// readPortals reads every portal of the list and compares them with each other.
func readPortals(m *mapping) []Portal {
	m.require("portals", "portals: with one account below it after a dash")
	nodes, given := m.list("portals")
	if given && len(nodes) == 0 {
		m.report("portals", nil, "is empty", "write at least one portal")
	}
	var portals []Portal
	names := map[string]string{}
	accounts := map[connector.PortalID]string{}
	for i, node := range nodes {
		path := fmt.Sprintf("portals[%d]", i)
		one := m.doc.mapping(node, join(m.path, path))
		p := DefaultPortal()
		readPortal(one, &p)
		if other, twice := names[p.Name]; twice {
			one.report("name", nil, fmt.Sprintf("%q is the name of %s too", p.Name, other), "give every portal a name of its own")
		}
		if other, twice := accounts[p.Account]; twice {
			one.report("account", nil, fmt.Sprintf("%s is the account of %s too", p.Account, other),
				"keep one of the two: an account belongs to one portal")
		}
		if p.Name != "" {
			names[p.Name] = path
		}
		if p.Account != "" {
			accounts[p.Account] = path
		}
		portals = append(portals, p)
	}
	return portals
}
