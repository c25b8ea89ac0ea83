//go:build race

package service_test

// firstLoad is how many contacts the cost of a first load is measured with under the race detector.
const firstLoad = 2000
