// Package modeltest tells the story of a lead with dates and says whether the model does what was expected: the
// examples that marketing and sales agree on, run as tests (C25).
//
// A story is played through the code that serves an account: scoring.Model.Evaluate, workflows.LeadOf and
// workflows.Plan. Its portal is the account that the model was written for: every name is its own value, every
// effect is on. What a plan does is done at once, as if the CRM had answered: stage and status are set, tasks and
// deals exist, and the plan is made again until it comes to rest. Between two steps time passes as it does in
// service: whenever a plan says when to look again, it is looked again.
//
// At the end stands what no story reached, and how the deals of each tier ended: leads of the past, retold with their
// end, hold the points against revenue (C2).
//
// The package is pure: it reads no clock, no file and no network. Parse makes a File, Play plays it, and a Report
// says what became of it.
package modeltest
