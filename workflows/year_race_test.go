//go:build race

package workflows_test

// yearLeads is how many leads live through a year under the race detector, which is ten times as slow.
const yearLeads = 100
