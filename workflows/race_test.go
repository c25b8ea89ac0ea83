//go:build race

package workflows_test

import "time"

// played is for how long people are played under the race detector, which is fifteen times as slow. The gate
// runs the ten days without it.
const played = 48 * time.Hour
