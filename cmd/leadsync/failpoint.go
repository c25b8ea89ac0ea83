package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"leadsync/workflows"
)

// failPoint kills this process, as the kernel would, when it passes a point for the n-th time: "sent:3". It
// exists for the crash tests, which prove that nothing is lost or doubled wherever the process ends.
func failPoint(spec string) (workflows.Pass, error) {
	if spec == "" {
		return func(workflows.Point) {}, nil
	}
	name, times, ok := strings.Cut(spec, ":")
	n, err := strconv.ParseInt(times, 10, 64)
	if !ok || err != nil || n < 1 || !slices.Contains(workflows.Points(), workflows.Point(name)) {
		return nil, fmt.Errorf("LEADSYNC_FAIL_AT=%q: write POINT:N with one of %v; unset it in production", spec, workflows.Points())
	}
	var passed atomic.Int64
	return func(p workflows.Point) {
		if p != workflows.Point(name) || passed.Add(1) != n {
			return
		}
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			_ = self.Kill() // no deferred call, no flush: this is the point
		}
		select {} // until the signal arrives
	}, nil
}
