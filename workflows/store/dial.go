package store

import (
	"net"
	"strings"
	"syscall"
	"time"
)

// vanished is how long a server may be silent at the level of TCP before its connections are given up.
const vanished = 20 * time.Second

// vanishing dials connections that end when the server has vanished without a word, as in a failover: by keepalive where
// the program waits for an answer, and where what was sent is not acknowledged.
func vanishing() net.Dialer {
	const probes = 3
	every := vanished / (probes + 1)
	return net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: every, Interval: every, Count: probes},
		Control: func(network, _ string, conn syscall.RawConn) error {
			if !strings.HasPrefix(network, "tcp") {
				return nil
			}
			return giveUp(conn, vanished)
		},
	}
}
