//go:build race

package sim_test

// mutantStride: under the race detector, which is many times slower, every sixth defence is tried.
const mutantStride = 6
