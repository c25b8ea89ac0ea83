// Package naive evaluates a model a second time. It was written from the documentation of package scoring alone
// ("what follows is the whole meaning of a model"), shares no code with it, and is made to be read rather than to
// be fast: plain loops over everything, at every step of time anew, without bounds and without cleverness. Where
// both agree on a lead, a mistake has to be in the documentation.
//
// The auditor of demo and simulations judges by it. The tests of this package hold it against package scoring on
// random models, leads and times (package scoringtest).
//
// What the documentation takes from elsewhere is given by the caller: the vocabularies, which are tables, and the
// list of domains where anybody has an address.
//
// # How it works
//
// Parse reads a model's text. Read looks at a lead: which word a text is, which copies are one activity, what a
// machine did, which kinds an activity belongs to. None of this depends on the time. Reading.At then applies the
// model at a moment, and Reading.Next tries one step of the grid after the other.
//
// A Reading remembers answers that time cannot change, such as whether a job title has a word: the auditor asks
// them at every step of a simulation. It belongs to one goroutine.
package naive
