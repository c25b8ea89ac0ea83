package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

const addCalls = `INSERT INTO calls (portal, day, purpose, endpoint, bucket, calls, refused)
SELECT ?, CAST(? AS BIGINT), j.value->>0, j.value->>1, j.value->>2, CAST(j.value->>3 AS BIGINT), CAST(j.value->>4 AS BIGINT)
FROM {rows} WHERE true
ON CONFLICT (portal, day, purpose, endpoint, bucket)
DO UPDATE SET calls = calls.calls + excluded.calls, refused = calls.refused + excluded.refused`

// AddCalls adds to what was asked of the CRM today. It needs no lease: every process counts its own calls.
func (s *Store) AddCalls(ctx context.Context, portal connector.PortalID, counts []workflows.CallCount) error {
	type place struct {
		purpose          connector.Purpose
		endpoint, bucket string
	}
	sums := map[place]workflows.CallCount{}
	for _, c := range counts {
		at := place{c.Purpose, c.Endpoint, c.Bucket}
		sum := sums[at]
		sum.Calls, sum.Refused = sum.Calls+c.Calls, sum.Refused+c.Refused
		sums[at] = sum
	}
	var many rows
	for at, sum := range sums {
		many = append(many, []any{string(at.purpose), at.endpoint, at.bucket, sum.Calls, sum.Refused})
	}
	slices.SortFunc(many, func(a, b []any) int { // all processes lock the rows in one order
		return cmp.Or(cmp.Compare(fmt.Sprint(a[0]), fmt.Sprint(b[0])), cmp.Compare(fmt.Sprint(a[1]), fmt.Sprint(b[1])),
			cmp.Compare(fmt.Sprint(a[2]), fmt.Sprint(b[2])))
	})
	return s.timed(ctx, "add calls", func(in *session) error {
		return in.bulk(ctx, addCalls, many, portal, dayOf(in.now))
	})
}

const findCalls = `SELECT day, purpose, endpoint, bucket, calls, refused FROM calls
WHERE portal = ? AND day > ? ORDER BY day DESC, calls DESC, purpose, endpoint, bucket`

type callRow struct {
	Day      int64             `db:"day"`
	Purpose  connector.Purpose `db:"purpose"`
	Endpoint string            `db:"endpoint"`
	Bucket   string            `db:"bucket"`
	Calls    int               `db:"calls"`
	Refused  int               `db:"refused"`
}

// Calls gives what was asked of the CRM in the last days (UTC), today included, the newest day first and the
// most frequent first within a day.
func (s *Store) Calls(ctx context.Context, portal connector.PortalID, days int) ([]workflows.CallCount, error) {
	var counts []workflows.CallCount
	err := s.read(ctx, "read calls", func(in *session) error {
		var found []callRow
		if err := in.list(ctx, &found, findCalls, portal, dayOf(in.now)-int64(days)); err != nil {
			return err
		}
		for _, row := range found {
			counts = append(counts, workflows.CallCount{
				Day: time.Unix(row.Day*secondsPerDay, 0).UTC(), Purpose: row.Purpose, Endpoint: row.Endpoint,
				Bucket: row.Bucket, Calls: row.Calls, Refused: row.Refused,
			})
		}
		return nil
	})
	return counts, err
}

const secondsPerDay = 24 * 60 * 60

func dayOf(t time.Time) int64 { return t.Unix() / secondsPerDay }
