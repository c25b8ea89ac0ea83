//go:build !race

package naive_test

// ordinaryTriples is how many random models, leads and times an ordinary run of the tests tries.
const ordinaryTriples = 2000
