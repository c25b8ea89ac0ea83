package config

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"leadsync/workflows"
)

// longestRetention is twenty years.
const longestRetention = 7300

var wholeDays = regexp.MustCompile(`^([0-9]{1,6})d$`)

// readRetention reads how long what grows is kept. Nothing may be kept shorter than the rules need.
func readRetention(m *mapping, r *workflows.Retention) {
	least := workflows.ShortestRetention()
	m.days("deliveries", &r.Deliveries, least.Deliveries)
	m.days("outbox", &r.Outbox, least.Outbox)
	m.days("decisions", &r.Decisions, least.Decisions)
	m.days("removed", &r.Removed, least.Removed)
	m.days("submissions", &r.Submissions, least.Submissions)
	m.days("visits", &r.Visits, least.Visits)
	m.days("measurements", &r.Measurements, least.Measurements)
	if r.Decisions < r.Outbox {
		m.report("decisions", nil, "is shorter than outbox, so that effects would lose their reasons", "write at least as many days as for outbox")
	}
	m.close()
}

// days reads a number of whole days, such as 30d.
func (m *mapping) days(key string, target *time.Duration, least time.Duration) {
	const day = 24 * time.Hour
	node := m.scalar(key, "whole days such as 30d", "!!str", "!!int")
	if node == nil {
		return
	}
	parts := wholeDays.FindStringSubmatch(node.Value)
	if parts == nil {
		m.report(key, node, fmt.Sprintf("%q is no number of days", node.Value), "write whole days, such as 30d")
		return
	}
	n, err := strconv.Atoi(parts[1])
	if value := time.Duration(n) * day; err == nil && value >= least && n <= longestRetention {
		*target = value
		return
	}
	m.report(key, node, node.Value+" is out of range", fmt.Sprintf("write at least %dd, which the rules need, and at most %dd", least/day, longestRetention))
}
