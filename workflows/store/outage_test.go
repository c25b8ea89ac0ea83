package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"

	"github.com/lib/pq"

	"leadsync/connector"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

func TestIsOutage(t *testing.T) {
	reset := &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset by peer")}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"none":                       {nil, false},
		"a connection that was lost": {fmt.Errorf("save page: begin: %w", reset), true},
		"an answer that never came":  {fmt.Errorf("save page: %w", os.ErrDeadlineExceeded), true},
		"a lost COMMIT":              {fmt.Errorf("%w: %w", store.ErrCommitUnknown, io.EOF), true},
		"a closed connection":        {sql.ErrConnDone, true},
		"the server stops":           {&pq.Error{Code: "57P01"}, true},
		"the server starts":          {&pq.Error{Code: "57P03"}, true},
		"a lock not got in time":     {&pq.Error{Code: "55P03"}, true},
		"the disk is full":           {&pq.Error{Code: "53100"}, true},
		"no writes":                  {fmt.Errorf("probe: %w", workflows.ErrNoWrites), true},
		"a constraint":               {&pq.Error{Code: "23505"}, false},
		"a mistake in the query":     {&pq.Error{Code: "42601"}, false},
		"the CRM cannot be reached":  {&connector.Error{Kind: connector.ErrUnavailable, Err: reset}, false},
		"the lease is lost":          {workflows.ErrFenced, false},
		"something else":             {errors.New("wrong account"), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := store.IsOutage(c.err); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}
