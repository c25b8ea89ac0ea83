package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/service"
	"leadsync/connector/hubspot"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

func serveCommand(env *environment) *cobra.Command {
	role := string(service.RoleAll)
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run receiver, poller and worker for all portals of the configuration",
		Long: "Runs until it is stopped (SIGINT, SIGTERM). The first start loads the account once, resumably; what is there\n" +
			"already counts as handled. Health: GET /healthz, /readyz; metrics: GET /metrics.",
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error { return serve(cmd, env, service.Role(role)) },
	}
	cmd.Flags().StringVar(&role, "role", role, "all; receiver: only takes webhooks, needs no token of a CRM; worker: everything else")
	return cmd
}

func serve(cmd *cobra.Command, env *environment, role service.Role) error {
	ctx := cmd.Context()
	if !slices.Contains(service.Roles(), role) {
		return usageError{fmt.Errorf("--role %q: write all, receiver or worker", role)}
	}
	in, err := loadInstallation(cmd, env)
	if err != nil {
		return err
	}
	log := newLog(env, in.cfg.Log)
	st, err := in.open(ctx, env)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }() // nothing is buffered
	svc, err := newService(env, in, st, log, role)
	if err != nil {
		return err
	}
	if role != service.RoleReceiver {
		if err := announceSwitches(ctx, env.stderr, in, st); err != nil {
			return err
		}
	}
	listener, err := listen(ctx, in.cfg.Listen)
	if err != nil {
		return err
	}
	log.Info("serving", "role", role, "listen", listener.Addr().String(), "portals", len(in.cfg.Portals), "model", in.model.Version()[:12])
	g := newGate(in.cfg.Limits, env.now, log)
	server := httpServer(svc.Handler(), g)
	work, run := errgroup.WithContext(ctx)
	work.Go(func() error { return svc.Run(run) })
	work.Go(func() error {
		if err := server.Serve(g.listener(listener)); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	})
	work.Go(func() error {
		<-run.Done()
		// Requests under way are finished: an event that was read is stored or refused, never dropped.
		stop, cancel := context.WithTimeout(context.WithoutCancel(run), 10*time.Second)
		defer cancel()
		if err := server.Shutdown(stop); err != nil {
			log.Warn("connections closed that did not end", "error", err)
			return server.Close()
		}
		return nil
	})
	if err := work.Wait(); err != nil {
		return err
	}
	log.Info("stopped")
	return nil
}

// newService connects every portal and wires the service.
func newService(env *environment, in *installation, st *store.Store, log *slog.Logger, role service.Role) (*service.Service, error) {
	var svc *service.Service
	connections := map[string]service.Connection{}
	var errs []error
	for _, p := range in.cfg.Portals {
		conn, err := receiverOf(env, p)
		if role != service.RoleReceiver {
			conn, _, err = connect(env, in.cfg, p, log, func(c hubspot.Call) { svc.Calls(p.Name)(c) })
		}
		errs = append(errs, err)
		connections[p.Name] = conn
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	pass, err := failPoint(env.getenv("LEADSYNC_FAIL_AT"))
	if err != nil {
		return nil, err
	}
	svc, err = service.New(service.Options{
		Config: in.cfg, Model: in.model, Store: st, Connections: connections, Log: log,
		Now: env.now, Jitter: jitter, Worker: workerName(env), Role: role, Rest: rest,
		Observer: service.Observer{Progress: progress(env, log)}, Pass: pass,
	})
	return svc, err
}

// rest is how long a worker without work waits before it looks itself; the process looks for all of them every second.
const rest = time.Minute

// receiverOf is what a receiver needs to know of a portal: no token, no way to its CRM.
func receiverOf(env *environment, p config.Portal) (service.Connection, error) {
	conn := service.Connection{Names: hubspot.Names(), Now: func() time.Time { return env.now().UTC() }}
	if !p.Webhooks.Enabled {
		return conn, nil
	}
	var err error
	if conn.Verifier, err = verifier(env, p); err != nil {
		return conn, fmt.Errorf("portal %q: %w", p.Name, err)
	}
	return conn, nil
}

// workerName is unique for every process, also when several start on one machine at once.
func workerName(env *environment) string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return host + "/" + strconv.Itoa(os.Getpid()) + "/" + strconv.FormatInt(env.now().UnixNano(), 36)
}

// announceSwitches prints, before anything is written, what switching a class on means: how many effects of
// it have been recorded in shadow.
func announceSwitches(ctx context.Context, w io.Writer, in *installation, st *store.Store) error {
	for _, p := range in.cfg.Portals {
		before, err := st.Modes(ctx, p.Account)
		if err != nil {
			return fmt.Errorf("read effect switches of portal %q: %w", p.Name, err)
		}
		counts, err := st.ShadowCounts(ctx, p.Account)
		if err != nil {
			return fmt.Errorf("count what was recorded in shadow for portal %q: %w", p.Name, err)
		}
		for _, class := range slices.Sorted(maps.Keys(p.Effects)) {
			if p.Effects[class] != workflows.ModeOn || before[class] == workflows.ModeOn {
				continue
			}
			if before[class] == "" {
				tell(w, "portal %s: %s is switched on.", p.Name, class)
			} else {
				tell(w, "portal %s: %s was in %s and is switched on. Recorded in shadow so far: %d. These are not written; what changes from now on is, unless the account stands in the way (`leadsync doctor`).",
					p.Name, class, before[class], counts[class])
			}
			if limit, ok := in.cfg.Limits.PerHour()[class]; ok {
				tell(w, " More than %d an hour pause the class.", limit)
			}
			tellLine(w)
		}
	}
	return nil
}

func orWord(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
