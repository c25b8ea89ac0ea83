//go:build race

package workflows_test

import "time"

// hostile is how long the account without unique keys is played under the race detector, which makes it slow
// fifteenfold. The proof over ten days runs without it.
const hostile = 96 * time.Hour
