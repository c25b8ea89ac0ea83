//go:build !race

package workflows_test

// hostile is how long the account without unique keys is played.
const hostile = tenDaysLong
