//go:build !race

package workflows_test

// yearLeads is how many leads live through a year.
const yearLeads = 500
