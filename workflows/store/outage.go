package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"

	"github.com/lib/pq"

	"leadsync/connector"
	"leadsync/workflows"
)

// IsOutage reports whether an error tells of the database or of the way to it, not of what was asked of it: a lost
// connection, an answer that never came, a server that starts or stops, a lock that somebody held too long, a disk
// that is full. To try the same again soon is right then. An error of the CRM's is none, whatever is inside it.
func IsOutage(err error) bool {
	if _, isCall := errors.AsType[*connector.Error](err); isCall || err == nil {
		return false
	}
	known := []error{ErrCommitUnknown, workflows.ErrNoWrites, driver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF}
	if slices.ContainsFunc(known, func(one error) bool { return errors.Is(err, one) }) {
		return true
	}
	if _, isNet := errors.AsType[net.Error](err); isNet {
		return true
	}
	refused, isServer := errors.AsType[*pq.Error](err)
	// 08 connection, 25 read-only or idle too long, 40 rolled back, 53 resources, 55 locked, 57 stopped, 58 its own disk
	return isServer && slices.Contains([]string{"08", "25", "40", "53", "55", "57", "58"}, string(refused.Code.Class()))
}
