//go:build race

package main

// crashContacts is over how many contacts serve is killed under the race detector, which slows SQLite down
// tenfold. The proof over 2,000 runs without it.
const crashContacts = 300
