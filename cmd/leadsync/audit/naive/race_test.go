//go:build race

package naive_test

// ordinaryTriples is how many random models, leads and times a run under the race detector tries, which finds
// nothing here that it would not find in a few. The proof over 2,000 runs without it.
const ordinaryTriples = 100
