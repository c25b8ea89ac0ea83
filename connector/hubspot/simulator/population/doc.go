// Package population fills a simulated HubSpot account with the people of a
// believable B2B account and lets them behave: visitors read pages, open and
// click mails and fill in forms, salespeople call, set lead statuses and move
// deals.
//
// Everything follows from a seed and from what the account contains. Draws are
// keyed by person and instant instead of coming from one stream, so one person
// behaving differently does not change what the others do; nothing depends on
// record ids, on map order or on a clock of its own.
//
// Salespeople look at the account itself (statuses, open tasks, logged calls,
// deals), never at what this package remembers of its own deeds. Whatever a
// connected program writes is therefore answered by people.
//
// All names are invented, all domains reserved (RFC 2606) and all telephone
// numbers from ranges that regulators keep for fiction.
package population
