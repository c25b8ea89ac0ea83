//go:build !race

package sim_test

// ordinarySeeds is how many stories a plain run plays, ordinaryReplays how many of them twice.
const ordinarySeeds, ordinaryReplays = 30, 20
