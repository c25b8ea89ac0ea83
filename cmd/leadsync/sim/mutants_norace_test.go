//go:build !race

package sim_test

// mutantStride: every defence is tried.
const mutantStride = 1
