//go:build race

package sim_test

// What a run under the race detector plays, which is many times slower. `make sim` plays as many as one likes.
const ordinarySeeds, ordinaryReplays = 6, 2
