//go:build !linux

package store

import (
	"syscall"
	"time"
)

// giveUp leaves it to the system's own timeouts: there is no portable way to set one.
func giveUp(syscall.RawConn, time.Duration) error { return nil }
