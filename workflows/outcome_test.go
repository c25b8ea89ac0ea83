package workflows_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

func TestNext(t *testing.T) {
	kind := func(k error, after time.Duration) error {
		return fmt.Errorf("update contacts: %w", &connector.Error{Kind: k, Op: "update", RetryAfter: after})
	}
	type outcome struct {
		State workflows.EntryState
		Wait  time.Duration
		Free  bool
	}
	for name, tc := range map[string]struct {
		err     error
		attempt int
		want    outcome
	}{
		"success":                       {nil, 1, outcome{workflows.StateSettled, 0, false}},
		"success at last":               {nil, 99, outcome{workflows.StateSettled, 0, false}},
		"throttled, by the CRM's word":  {kind(connector.ErrThrottled, 37*time.Second), 1, outcome{workflows.StateReady, 37 * time.Second, true}},
		"throttled without a word":      {kind(connector.ErrThrottled, 0), 1, outcome{workflows.StateReady, 10 * time.Second, true}},
		"throttled without details":     {connector.ErrThrottled, 1, outcome{workflows.StateReady, 10 * time.Second, true}},
		"throttled for ever":            {kind(connector.ErrThrottled, 0), 99, outcome{workflows.StateReady, 10 * time.Second, true}},
		"unauthorised for ever":         {kind(connector.ErrUnauthorized, 0), 99, outcome{workflows.StateReady, time.Second, true}},
		"invalid":                       {kind(connector.ErrInvalid, 0), 1, outcome{workflows.StateParked, 0, false}},
		"forbidden":                     {kind(connector.ErrForbidden, 0), 1, outcome{workflows.StateParked, 0, false}},
		"not found":                     {kind(connector.ErrNotFound, 0), 1, outcome{workflows.StateParked, 0, false}},
		"unavailable":                   {kind(connector.ErrUnavailable, 0), 1, outcome{workflows.StateReady, time.Second, false}},
		"unavailable again":             {kind(connector.ErrUnavailable, 0), 4, outcome{workflows.StateReady, 8 * time.Second, false}},
		"unavailable, last try but one": {kind(connector.ErrUnavailable, 0), 11, outcome{workflows.StateReady, 300 * time.Second, false}},
		"unavailable too often":         {kind(connector.ErrUnavailable, 0), 12, outcome{workflows.StateParked, 0, false}},
		"ambiguous":                     {kind(connector.ErrAmbiguous, 0), 1, outcome{workflows.StateSending, 2 * time.Second, false}},
		"ambiguous again":               {kind(connector.ErrAmbiguous, 0), 5, outcome{workflows.StateSending, 8 * time.Second, false}},
		"ambiguous too often":           {kind(connector.ErrAmbiguous, 0), 12, outcome{workflows.StateParked, 0, false}},
		"of no kind":                    {errors.New("broken"), 2, outcome{workflows.StateReady, 2 * time.Second, false}},
	} {
		t.Run(name, func(t *testing.T) {
			var got outcome
			got.State, got.Wait, got.Free = workflows.Next(tc.err, tc.attempt, 0)
			if got != tc.want {
				t.Errorf("%+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestBackoff(t *testing.T) {
	for _, tc := range []struct {
		attempt int
		jitter  float64
		want    time.Duration
	}{
		{-3, 0, 500 * time.Millisecond},
		{0, 0, 500 * time.Millisecond},
		{0, 0.5, 750 * time.Millisecond},
		{1, 0, time.Second},
		{1, 0.999, 1999 * time.Millisecond},
		{3, 0, 4 * time.Second},
		{9, 0.5, 384 * time.Second},
		{10, 0, 5 * time.Minute},
		{10, 0.5, 450 * time.Second},
		{63, 0, 5 * time.Minute},
		{1000, 0.5, 450 * time.Second},
	} {
		if got := workflows.Backoff(tc.attempt, tc.jitter); got != tc.want {
			t.Errorf("Backoff(%d, %v) = %v, want %v", tc.attempt, tc.jitter, got, tc.want)
		}
	}
}
