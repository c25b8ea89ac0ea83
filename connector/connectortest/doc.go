// Package connectortest states, in executable form, what leadsync needs of any CRM. A connector is done when
// Run passes against an account that behaves like the real one, with every fault the CRM is known for.
//
// Each requirement is one subtest, named by what is promised, not by a method. The suite knows no vendor: the
// connector's own test hands over a Subject, which is the connector under test and a World, through which the
// suite does what people and faults do behind the connector's back.
//
// The suite asks for what the story cannot do without (design, "The story"): every record exactly once in a
// listing, nothing skipped in a walk over changes, answers per record, creations never twice, lost answers
// told apart from refusals, and no secret in any error.
package connectortest
