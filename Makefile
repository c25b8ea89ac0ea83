# Every step that CI takes is in .ci/run; this file only gives people short names for the parts.
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.DEFAULT_GOAL := help
.PHONY: help check build test race bench crash fuzz nightly lint fmt clean node-client

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

check: ## everything CI checks, with its own PostgreSQL (root may install Debian packages)
	./.ci/run

build: ## static binary in bin/leadsync
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/leadsync ./cmd/leadsync

test: ## all tests that need nothing but Go
	go test ./...

race: ## the same under the race detector, in random order (needs a C compiler)
	go test -race -shuffle=on ./...

bench: ## all benchmarks on one core with allocations; BenchmarkFifty quotes the model against the same in plain Go
	go test -run '^$$' -bench . -benchmem -cpu 1 ./...

crash: ## kill the real program KILLS times and audit the account each time
	LEADSYNC_KILLS=$(or $(KILLS),20) go test -run '^TestServe_killed' -v -count=1 -timeout 60m ./cmd/leadsync

fuzz: ## every fuzz test for ten seconds
	@set -e; for pkg in $$(go list ./...); do \
	  for name in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$name"; go test -run '^$$' -fuzz "^$$name\$$" -fuzztime 10s -fuzzminimizetime 5x $$pkg; \
	  done; \
	done

nightly: ## what takes hours: random models by the 100,000, properties, fuzz tests for FUZZ each (5m)
	LEADSYNC_TRIPLES=$(or $(TRIPLES),100000) go test -run '^(TestAgreement|TestNothingChangesBetweenSteps)' -v -count=1 -timeout 12h ./cmd/leadsync/audit/naive
	LEADSYNC_LEADS=$(or $(LEADS),10000) go test -run '^TestYear' -v -count=1 -timeout 3h ./workflows
	LEADSYNC_QUIET_LEADS=200000 go test -run '^TestQuiet$$' -v -count=1 -timeout 3h ./cmd/leadsync/service
	go test -count=1 -timeout 12h ./scoring -rapid.checks $(or $(CHECKS),10000)
	@set -e; for name in $$(go test -list '^Fuzz' ./scoring | grep '^Fuzz'); do \
	  echo "./scoring $$name"; go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(or $(FUZZ),5m) -fuzzminimizetime 5x ./scoring; \
	done

node-client: ## drive the simulated account with HubSpot's official Node client (needs Node, npm, a network)
	./connector/hubspot/simulator/testdata/node/run.sh

lint: ## golangci-lint with .golangci.yml
	go run $(GOLANGCI) run ./...

fmt: ## rewrite the sources as the linters want them
	go run $(GOLANGCI) fmt ./...

clean: ## remove what build leaves behind
	rm -rf bin
	find . -type d -path '*/testdata/rapid' -prune -exec rm -rf {} +
