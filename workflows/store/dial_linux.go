package store

import (
	"fmt"
	"syscall"
	"time"
)

// tcpUserTimeout is TCP_USER_TIMEOUT (tcp(7)), which package syscall does not name.
const tcpUserTimeout = 0x12

// giveUp has the kernel end a connection whose data nobody acknowledges for so long. Without it a query to a server that has
// vanished, as in a failover, hangs for a quarter of an hour, deaf to its context.
func giveUp(conn syscall.RawConn, after time.Duration) error {
	var failed error
	if err := conn.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(after.Milliseconds()))
	}); err != nil {
		return fmt.Errorf("reach the socket: %w", err)
	}
	return failed
}
