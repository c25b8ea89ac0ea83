package service

import (
	"net/http"

	"leadsync/workflows"
)

// guarded answers 500 if a handler panics, and says so in the log without the request: net/http would print the
// panic's value, and with it what it was working on. A handler that gives up its connection on purpose may.
func (s *Service) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		abort := false
		err := workflows.Guard(s.Log, "request", func() error {
			defer func() {
				if thrown := recover(); thrown == http.ErrAbortHandler { //nolint:errorlint // as net/http compares it
					abort = true
				} else if thrown != nil {
					panic(thrown)
				}
			}()
			next.ServeHTTP(w, r)
			return nil
		})
		switch {
		case abort:
			panic(http.ErrAbortHandler)
		case err != nil:
			http.Error(w, "internal error", http.StatusInternalServerError)
		}
	})
}
