package main

import (
	"context"
	"errors"
	"slices"

	"leadsync/connector"
	"leadsync/workflows"
)

// atLeastOne refuses a --limit that shows nothing.
func atLeastOne(limit int) error {
	if limit < 1 {
		return usageError{errors.New("--limit must be at least 1")}
	}
	return nil
}

// listed prints what a command found, as JSON or by write; n of them make it exit with code 3 (errFound).
func listed(env *environment, asJSON bool, found any, n int, write func()) error {
	if asJSON {
		if err := printJSON(env.stdout, found); err != nil {
			return err
		}
	} else {
		write()
	}
	if n > 0 {
		return errFound
	}
	return nil
}

// recordsAtOnce is how many contacts a list reads from the mirror at once.
const recordsAtOnce = 100

// recordsOf gives what the mirror has of the contacts of a list, in its order.
func recordsOf[T any](ctx context.Context, x *explainer, list []T, contact func(T) connector.ObjectID) ([]workflows.LeadRecord, error) {
	ids := make([]connector.ObjectID, len(list))
	for i, one := range list {
		ids[i] = contact(one)
	}
	return x.store.Leads(ctx, x.cfg.Account, ids)
}

// eachOf calls back for everything that pages of a size hold, one page after the other, until it says that it has enough.
func eachOf[T any](size int, read func(after *T) ([]T, error), enough func(T) bool) error {
	var after *T
	for {
		page, err := read(after)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(page, enough) || len(page) < size {
			return nil
		}
		after = &page[len(page)-1]
	}
}
