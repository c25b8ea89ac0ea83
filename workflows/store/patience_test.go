package store_test

import (
	"context"
	"database/sql"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// through opens one more store on the database of the bench, behind a faulty server; settings are added to the address.
func (b *bench) through(proxy *faultyServer, settings string) *store.Store {
	b.Helper()
	direct := b.address
	defer func() { b.address = direct }()
	u, err := url.Parse(proxy.address(b.T, direct))
	b.must(err)
	u.RawQuery += settings
	b.address = u.String()
	return b.another(store.Options{MaxConns: 1})
}

// TestSilentServer: an answer that never comes ends the wait soon after the time that a statement may take, and what
// it was about is unknown if it was a COMMIT. The connection is not used again.
func TestSilentServer(t *testing.T) {
	if postgresAddress(t) == "" {
		return // SQLite answers in the process
	}
	eachDatabase(t, func(b *bench) {
		if !b.postgres {
			return
		}
		for _, c := range []struct {
			settings, tag string
			unknown       bool
		}{{"&statement_timeout=200", "COMMIT", true}, {"&statement_timeout=200ms", "INSERT", false}} {
			b.Run(c.tag, func(t *testing.T) {
				var proxy faultyServer
				s := b.through(&proxy, c.settings)
				proxy.after(c.tag, silent)
				answered := make(chan error, 1)
				d := delivery(c.tag, event(c.tag, "1"))
				go func() {
					_, err := s.Receive(context.WithoutCancel(b.ctx), d)
					answered <- err
				}()
				select {
				case err := <-answered:
					if err == nil || errors.Is(err, store.ErrCommitUnknown) != c.unknown {
						t.Errorf("without an answer: %v", err)
					}
				case <-time.After(10 * time.Second):
					t.Fatal("without an answer it waits for ever")
				}
				if _, err := s.Receive(b.ctx, d); err != nil {
					t.Errorf("the next one: %v", err)
				}
			})
		}
	})
}

// TestContextEndsTheWait: an answer that never comes is not waited for any longer once the context has ended, whatever time
// the address gives a statement, wherever in a transaction that is; and the connection after it serves.
func TestContextEndsTheWait(t *testing.T) {
	if postgresAddress(t) == "" {
		return // SQLite answers in the process
	}
	eachDatabase(t, func(b *bench) {
		if !b.postgres {
			return
		}
		beat := func(s *store.Store, ctx context.Context) error {
			_, err := s.Beat(ctx, store.Presence{Worker: worker, TTL: time.Hour, Held: []workflows.Fence{b.fence}})
			return err
		}
		look := func(s *store.Store, ctx context.Context) error {
			_, err := s.Look(ctx, "", []store.Asked{{Portal: portal}})
			return err
		}
		for _, c := range []struct {
			name, tag string
			ask       func(*store.Store, context.Context) error
		}{{"begin", "BEGIN", beat}, {"write", "INSERT", beat}, {"commit", "COMMIT", beat}, {"bare query", "SELECT", look}} {
			b.Run(c.name, func(t *testing.T) {
				var proxy faultyServer
				s := b.through(&proxy, "")
				if err := c.ask(s, b.ctx); err != nil { // the connection is there
					t.Fatal(err)
				}
				proxy.after(c.tag, silent)
				ctx, cancel := context.WithTimeout(b.ctx, 200*time.Millisecond)
				defer cancel()
				answered := make(chan error, 1)
				go func() { answered <- c.ask(s, ctx) }()
				select {
				case err := <-answered:
					if err == nil || !store.IsOutage(err) || proxy.armed.Load() != nil {
						t.Errorf("without an answer: %v", err)
					}
				case <-time.After(5 * time.Second):
					t.Fatal("without an answer it waits although its context has ended")
				}
				again, over := context.WithCancel(b.ctx)
				if err := c.ask(s, again); err != nil {
					t.Errorf("the next one: %v", err)
				}
				over() // of a question that has its answer
				if c.tag == "SELECT" {
					<-time.After(700 * time.Millisecond) // the connection is as good as before, also to say goodbye
					b.must(s.Close())
				}
			})
		}
	})
}

// TestNothingRunsTwice: lib/pq runs a bare statement once more when the connection is closed after the server did it
// (its issue 939). Every write of the store is a transaction, so it has none or all of its effect, once.
func TestNothingRunsTwice(t *testing.T) {
	if postgresAddress(t) == "" {
		return // SQLite has no connection to lose
	}
	eachDatabase(t, func(b *bench) {
		if !b.postgres {
			return
		}
		b.must(b.store.Hint(b.ctx, portal, []connector.Ref{contact("1")}))
		var proxy faultyServer
		bare, err := sql.Open("postgres", proxy.address(b.T, b.address))
		b.must(err)
		defer func() { _ = bare.Close() }()
		bare.SetMaxOpenConns(1)
		b.must(bare.PingContext(b.ctx))
		proxy.after("UPDATE", ended)
		if _, err := bare.ExecContext(b.ctx, "UPDATE due SET revision = revision + 1"); err != nil {
			b.Fatalf("the bare statement: %v", err)
		}
		if n := b.count("SELECT revision FROM due"); n != 3 {
			b.Errorf("revision %d: lib/pq does not run a bare statement twice any more; the rule stands anyway", n)
		}
		s := b.through(&proxy, "")
		for name, write := range map[string]func() error{
			"Hint": func() error { return s.Hint(b.ctx, portal, []connector.Ref{contact("2")}) },
			"Receive": func() error {
				_, err := s.Receive(b.ctx, delivery("d1", event("e1", "3")))
				return err
			},
			"Renew": func() error { return s.Renew(b.ctx, b.fence, time.Hour) },
			"Acquire": func() error {
				_, _, err := s.Acquire(b.ctx, portal, worker, time.Hour)
				return err
			},
			"SaveDecisions": func() error {
				return s.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{
					ID: "1", Objects: []connector.Object{person("1", 0, "stage", "lead")},
					Entries: []workflows.OutboxEntry{update("1", workflows.ClassStage, "stage", "mql")}, Revision: 3,
				}})
			},
		} {
			before, tags := b.dump(), 0
			for _, tag := range []string{"INSERT", "UPDATE", "DELETE"} {
				proxy.after(tag, ended)
				if err := write(); err == nil {
					proxy.after("", ended) // it has no such statement
					before = b.dump()
					continue
				}
				tags++
				if diff := cmp.Diff(before, b.dump()); diff != "" {
					b.Errorf("%s whose connection is closed after %s changed something (-before +after):\n%s", name, tag, diff)
				}
			}
			if tags == 0 {
				b.Errorf("%s met no fault", name)
			}
		}
	})
}

// TestWritesAreTransactions: no code of the package but these functions uses the pool for writing directly, so that no statement
// that changes something is ever bare.
func TestWritesAreTransactions(t *testing.T) {
	allowed := map[string]string{
		"Close": "ends the pools", "write": "the one way to write",
		"forgetBytes": "upkeep of SQLite's file", "giveBack": "upkeep of SQLite's file",
	}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(fn, func(n ast.Node) bool {
				sel, ok := n.(*ast.SelectorExpr)
				if !ok || sel.Sel.Name != "writer" {
					return true
				}
				if seen[fn.Name.Name] = true; allowed[fn.Name.Name] == "" {
					t.Errorf("%s: %s uses the pool directly; write through Store.write", f.Name(), fn.Name.Name)
				}
				return true
			})
		}
	}
	if !seen["write"] {
		t.Error("nothing was looked at")
	}
}
