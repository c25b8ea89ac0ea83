# Every step that CI takes is in .ci/run; this file only gives people short names for the parts.
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.DEFAULT_GOAL := help
.PHONY: help check build test race bench sim many mixed crash chaos outage bench-mem fuzz sec-http slow prune quiet nightly lint fmt clean node-client sim-mutants

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

check: ## everything CI checks, with its own PostgreSQL (root may install Debian packages)
	./.ci/run

build: ## static binary in bin/leadsync
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/leadsync ./cmd/leadsync

test: ## all tests that need nothing but Go
	go test ./...

race: ## the same under the race detector, in random order (needs a C compiler)
	go test -race -gcflags 'modernc.org/...=-race=false' -shuffle=on ./...

bench: ## all benchmarks on one core with allocations; BenchmarkFifty quotes the model against the same in plain Go
	go test -run '^$$' -bench . -benchmem -cpu 1 ./...

many: ## FLEET (16x200) real processes x portals on the PostgreSQL of LEADSYNC_TEST_POSTGRES: killed, paused, stopped, measured
	LEADSYNC_REQUIRE_POSTGRES=1 LEADSYNC_MANY=$(or $(FLEET),16x200) go test -run '^TestServe_manyProcesses$$' -v -count=1 -timeout 30m ./cmd/leadsync

mixed: ## this release and that of PREVIOUS (HEAD~1) share a database, forth and back; all migrations under a working release
	@set -e; dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; mkdir "$$dir/src"; \
	git archive $(or $(PREVIOUS),HEAD~1) | tar -x -C "$$dir/src"; (cd "$$dir/src" && go build -o "$$dir/leadsync" ./cmd/leadsync); \
	LEADSYNC_VERSIONS=1000 go test -run '^TestMigrations_' -v -count=1 ./workflows/store; \
	LEADSYNC_PREVIOUS="$$dir/leadsync" go test -run '^TestServe_rollingUpgrade$$' -v -count=1 -timeout 30m ./cmd/leadsync

crash: ## kill the real program KILLS times (500) on SQLite and on PostgreSQL, stop PostgreSQL at once STOPS times (50), fail over FAILOVERS times (10), audit each time
	LEADSYNC_OWN_POSTGRES=1 LEADSYNC_KILLS=$(or $(KILLS),500) LEADSYNC_STOPS=$(or $(STOPS),50) LEADSYNC_FAILOVERS=$(or $(FAILOVERS),10) go test -run '^TestServe_killed' -v -count=1 -timeout 12h ./cmd/leadsync

chaos: ## a hostile network between the real program, PostgreSQL and the CRM for FOR (1h), troubles drawn from SEED
	LEADSYNC_OWN_POSTGRES=1 LEADSYNC_CHAOS_FOR=$(or $(FOR),1h) LEADSYNC_CHAOS_SEED=$(or $(SEED),1) go test -run '^(TestChaos|TestProxy)' -v -count=1 -timeout 26h ./cmd/leadsync

sim: ## SEEDS stories of the whole program in virtual time, from FIRST_SEED; everything goes wrong, nothing may be lost
	LEADSYNC_SIM_SEEDS=$(or $(SEEDS),2000) LEADSYNC_SIM_FIRST=$(or $(FIRST_SEED),1) go test -run '^TestSim$$' -v -count=1 -timeout 12h ./cmd/leadsync/sim

fuzz: ## all fuzz tests for EXECS executions in all (1000000), none slower than 100 ms; prints the slowest of each
	EXECS=$(or $(EXECS),1000000) ./.ci/fuzz

sec-http: ## MUTATIONS one-bit changes of signed requests (1000000), and whether the time of a refusal tells anything
	LEADSYNC_MUTATIONS=$(or $(MUTATIONS),1000000) LEADSYNC_TIMINGS=$(or $(TIMINGS),1000000) go test -run '^TestSignature' -v -count=1 -timeout 1h ./connector/hubspot

outage: ## CONTACTS (100000) change while the CRM is away for an hour of virtual time: calls meanwhile, and the pace of the drain
	LEADSYNC_OUTAGE_CONTACTS=$(or $(CONTACTS),100000) LEADSYNC_OVERLOAD_POSTS=$(or $(POSTS),1000) go test -run '^(TestOutage|TestOverload)_' -v -count=1 -timeout 2h ./cmd/leadsync/service

bench-mem: ## peak memory of the real worker and receiver under load with LARGE (1000000) stored contacts over that with SMALL (10000); on the server of LEADSYNC_TEST_POSTGRES too
	LEADSYNC_MEM_SMALL=$(or $(SMALL),10000) LEADSYNC_MEM_LARGE=$(or $(LARGE),1000000) LEADSYNC_MEM_SECONDS=$(or $(SECONDS_EACH),60) go test -run '^TestMemory$$' -v -count=1 -timeout 2h ./cmd/leadsync/service

slow: ## CLIENTS slow connections (5000) from one address, then from ADDRESSES (50) and all held: an honest client's p99 at most doubles
	LEADSYNC_SLOW_CLIENTS=$(or $(CLIENTS),5000) go test -run '^TestSlowClients$$' -v -count=1 -timeout 30m ./cmd/leadsync
	LEADSYNC_SLOW_CLIENTS=$(or $(CLIENTS),5000) LEADSYNC_SLOW_ADDRESSES=$(or $(ADDRESSES),50) go test -run '^TestSlowClients$$' -v -count=1 -timeout 30m ./cmd/leadsync

prune: ## ROWS (1000000) old rows go in steps, on SQLite and on the PostgreSQL of LEADSYNC_TEST_POSTGRES: no step holds others up
	LEADSYNC_PRUNE_ROWS=$(or $(ROWS),1000000) go test -run '^TestPruneInSmallSteps$$' -v -count=1 -timeout 1h ./workflows/store

quiet: ## LEADS (200000) before go-live, a twentieth imported, a fortieth moved by a model: nothing that nobody released; says how far it is
	LEADSYNC_QUIET_LEADS=$(or $(LEADS),200000) go test -run '^TestQuiet$$' -v -count=1 -timeout 1h ./cmd/leadsync/service

nightly: ## what takes hours: random models by the 100,000, properties, a million fuzz runs, hostile clients
	LEADSYNC_TRIPLES=$(or $(TRIPLES),100000) go test -run '^(TestAgreement|TestNothingChangesBetweenSteps)' -v -count=1 -timeout 12h ./cmd/leadsync/audit/naive
	LEADSYNC_LEADS=$(or $(LEADS),10000) go test -run '^TestYear' -v -count=1 -timeout 3h ./workflows
	LEADSYNC_BASELINE_CONTACTS=200000 go test -run '^TestBaseline' -v -count=1 -timeout 1h ./cmd/leadsync/service
	$(MAKE) quiet
	go test -count=1 -timeout 12h ./scoring -rapid.checks $(or $(CHECKS),10000)
	$(MAKE) sim SEEDS=20000
	$(MAKE) fuzz sec-http slow outage

node-client: ## drive the simulated account with HubSpot's official Node client (needs Node, npm, a network)
	./connector/hubspot/simulator/testdata/node/run.sh

sim-mutants: ## switch every defence off in turn: the first of SEEDS (1000) that sees it, as a table
	LEADSYNC_SIM_MUTANTS=$(or $(SEEDS),1000) go test -run '^TestMutants$$' -v -count=1 -timeout 24h ./cmd/leadsync/sim

lint: ## golangci-lint with .golangci.yml
	go run $(GOLANGCI) run ./...

fmt: ## rewrite the sources as the linters want them
	go run $(GOLANGCI) fmt ./...

clean: ## remove what build leaves behind
	rm -rf bin
	find . -type d -path '*/testdata/rapid' -prune -exec rm -rf {} +
