package service

import (
	"time"

	"leadsync/workflows"
)

// TenureLeft is how long a lease that was asked for at one reading of the clock certainly lasts at another.
func TenureLeft(asked, now time.Time, lease time.Duration) time.Duration {
	return newTenure(workflows.Fence{}, asked.Add(lease), func() time.Time { return now }).left()
}
