//go:build !race

package workflows_test

import "time"

// played is for how long people are played: ten days.
const played = 240 * time.Hour
