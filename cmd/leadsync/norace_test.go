//go:build !race

package main

// crashContacts is over how many contacts serve is killed.
const crashContacts = 2000
