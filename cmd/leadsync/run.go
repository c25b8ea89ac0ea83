package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/lmittmann/tint"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"leadsync/cmd/leadsync/config"
	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows/store"
)

// Exit codes.
const (
	exitOK    = 0
	exitError = 1 // it did not work; the message says why and what to do
	exitUsage = 2 // the command line is wrong
	exitFound = 3 // it worked and found something wrong (check, audit)
)

// environment is everything that the process gives the program.
type environment struct {
	args           []string
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	readFile       func(string) ([]byte, error)
	now            func() time.Time
	// wire wraps the wire to a CRM; nil: nothing is between.
	wire func(http.RoundTripper) http.RoundTripper
}

// errFound says that a command worked and found something wrong; it has been printed already.
var errFound = errors.New("found something wrong")

// usageError is a mistake on the command line.
type usageError struct{ err error }

// Error implements error.
func (e usageError) Error() string { return e.err.Error() }

// Unwrap gives the cause.
func (e usageError) Unwrap() error { return e.err }

// run is the program without the process: tests call it too.
func run(ctx context.Context, env environment) int {
	env.stdout, env.stderr = guarded(env.stdout), guarded(env.stderr)
	root := rootCommand(&env)
	root.SetArgs(env.args)
	root.SetIn(env.stdin)
	root.SetOut(env.stdout)
	root.SetErr(env.stderr)
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errFound):
		return exitFound
	case errors.As(err, &usage):
		tell(env.stderr, "leadsync: %s\nRun `leadsync help` for the commands.\n", block(err.Error()))
		return exitUsage
	}
	writeError(env.stderr, err)
	return exitError
}

func rootCommand(env *environment) *cobra.Command {
	root := &cobra.Command{
		Use:   "leadsync",
		Short: "Score leads by a model you can read, and keep the CRM in step",
		Long: "leadsync mirrors the contacts of a CRM, recomputes scores, lifecycle stage and lead status from a model file,\n" +
			"and writes the results back: stage, status, score with reasons, tasks, deals. Each effect happens once.\n\n" +
			"Try it without an account:  leadsync demo",
		SilenceErrors: true, SilenceUsage: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q", args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.PersistentFlags().StringP("config", "c", "leadsync.yaml", "configuration of the installation")
	root.AddCommand(demoCommand(env), simulateCommand(env), serveCommand(env), connectCommand(env), checkCommand(env), doctorCommand(env), initCommand(env), subscriptionsCommand(env),
		explainCommand(env), agreementCommand(env), previewCommand(env), effectsCommand(env), backfillCommand(env), privacyCommand(env), historyCommand(env), outboxCommand(env), deliveriesCommand(env), backupCommand(env), quarantineCommand(env), healthCommand(env), violationsCommand(env), responseCommand(env), misjudgedCommand(env), deletionsCommand(env), rankCommand(env), lostCommand(env), orphansCommand(env), overridesCommand(env),
		recordCommand(env), replayCommand(env), schemaCommand(env), testCommand(env))
	return root
}

// exactly refuses other numbers of arguments, naming what is missing.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != n {
			return usageError{fmt.Errorf("expected %s, got %d", what, len(args))}
		}
		return nil
	}
}

// installation is the configuration with its model, read and validated; both files' mistakes are reported.
type installation struct {
	path  string
	cfg   *config.Config
	model *scoring.Model
}

func loadInstallation(cmd *cobra.Command, env *environment) (*installation, error) {
	path, err := cmd.Flags().GetString("config")
	if err != nil {
		return nil, err
	}
	text, err := env.readFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("no configuration %q here; name it with --config, or start from fixtures/config/leadsync.yaml", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	cfg, err := config.Parse(path, text)
	if err != nil {
		return nil, err
	}
	model, err := loadModel(env, cfg.Model, namedByConfiguration)
	if err != nil {
		return nil, err
	}
	if err := config.Place(path, text, contradictions(cfg, model)); err != nil {
		return nil, err
	}
	return &installation{path: path, cfg: cfg, model: model}, nil
}

// namedByConfiguration says where the model's file is named.
const namedByConfiguration = "the configuration's key `model` names it"

// loadModel reads a model file. The remedy says what to do if there is none.
func loadModel(env *environment, path, remedy string) (*scoring.Model, error) {
	text, err := env.readFile(path)
	if err != nil {
		return nil, fmt.Errorf("read model: %w; %s", err, remedy)
	}
	return scoring.Parse(path, text)
}

// choose finds the portal that a command is about: the named one, or the only one.
func (in *installation) choose(name string) (config.Portal, error) {
	if name == "" && len(in.cfg.Portals) == 1 {
		return in.cfg.Portals[0], nil
	}
	var names []string
	for _, p := range in.cfg.Portals {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return config.Portal{}, usageError{fmt.Errorf("name a portal with --portal: one of %s", strings.Join(names, ", "))}
}

func (in *installation) open(ctx context.Context, env *environment) (*store.Store, error) {
	url, err := databaseURL(in.cfg.Database, env)
	if err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, url, store.Options{
		Now: env.now, Migrate: true, MaxConns: in.cfg.Limits.DatabaseConnections, Lease: in.cfg.Limits.Lease,
	})
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return st, nil
}

// openExisting opens a database that serve has made. A command that only looks makes none.
func (in *installation) openExisting(ctx context.Context, env *environment) (*store.Store, error) {
	if file := in.cfg.Database.File; file != "" {
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("there is no database %q yet; `leadsync serve` makes it", file)
		}
	}
	return in.open(ctx, env)
}

// jitter is a source of numbers in [0, 1) for backoff: it need not be secret or repeatable.
func jitter() float64 { return rand.Float64() } //nolint:gosec // spreads waits, protects nothing

// newLog makes the program's logger: text for people, JSON for machines.
func newLog(env *environment, l config.Log) *slog.Logger {
	var level slog.Level
	if level.UnmarshalText([]byte(l.Level)) != nil {
		level = slog.LevelInfo
	}
	if l.Format == "json" || l.Format != "text" && !isTerminal(env.stderr) {
		return slog.New(slog.NewJSONHandler(env.stderr, &slog.HandlerOptions{Level: level}))
	}
	return slog.New(tint.NewTextHandler(unguarded(env.stderr), &tint.Options{Level: level, TimeFormat: time.TimeOnly, NoColor: !isTerminal(env.stderr)}))
}

func isTerminal(w io.Writer) bool {
	f, ok := terminal(w)
	return ok && term.IsTerminal(int(f.Fd()))
}

// confirm asks a person; anything but yes is no.
func confirm(env *environment, question string) bool {
	tell(env.stderr, "%s [y/N] ", question)
	line, err := bufio.NewReader(env.stdin).ReadString('\n')
	if err != nil && line == "" {
		return false
	}
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == "yes"
}

// portalFlag adds --portal.
func portalFlag(cmd *cobra.Command) *string {
	return cmd.Flags().StringP("portal", "p", "", "nickname of the portal; not needed if there is only one")
}

func contactRef(id connector.ObjectID) string { return "contact " + string(id) }
