// Package store keeps everything leadsync remembers, in SQLite or PostgreSQL. It is the only package that
// knows SQL.
//
// # One text
//
// Every query is one constant for both databases. What differs has one named place, type dialect: the row
// locks that SQLite does not need, and the function that unfolds a JSON array into rows. Bulk writes hand
// over all rows as one JSON array of arrays, so that a page of records costs a constant number of statements
// on both databases. Inside these texts a marker in braces stands for what differs:
//
//	{rows}    a JSON parameter as rows; column n is j.value->>n, always text until it is cast
//	{share}   lock the rows read against change until the transaction ends
//	{update}  lock the rows read for this transaction alone; {update d}, {update u}: those of table d or u
//	{key}     lock the rows read against {update} only
//	{skip}    lock the rows read for change, leaving out those that somebody else has locked
//
// # Transactions and locks
//
// Every exported method that writes is one explicit transaction. A write of the portal's worker begins with
// the fence (Store.fenced), which holds the lease row FOR SHARE. Operators' writes (release, erase, prune,
// modes) hold the same row FOR UPDATE, so they never interleave with the worker's. Receivers stand outside
// the fence; they hold the row FOR KEY SHARE, which only operators exclude, so that a record cannot be erased
// between a receiver's look at the tombstones and its commit. Receivers touch deliveries, event_keys,
// told_merges, announcements, unannounced, due and feed_hours only, in this order. Whoever writes rows that others write
// beside him does so in one statement, or after one that locks them, sorted by their keys, so that no two
// transactions can wait for each other.
//
// A COMMIT whose answer is lost comes back as ErrCommitUnknown with the cause. Nothing is repeated silently:
// the caller reads its own keys, or repeats a unit that is idempotent.
package store
