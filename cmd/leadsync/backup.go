package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"leadsync/workflows/store"
)

// bigBackup is from how many bytes on a backup says how far it is.
const bigBackup = 64 << 20

// backupResult is the outcome for JSON.
type backupResult struct {
	File     string  `json:"file"`
	Bytes    int64   `json:"bytes"`
	Seconds  float64 `json:"seconds"`
	Version  int64   `json:"tables_version"`
	Portals  int64   `json:"portals"`
	Contacts int64   `json:"contacts"`
}

func backupCommand(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the SQLite database to a new file while leadsync runs, and check the copy",
		Long: "Copies the SQLite database as it is at one moment, while `leadsync serve` goes on, reads the copy from beginning to end, and\n" +
			"gives it its name only when all of it is safe on the disk. A file that is there is never overwritten. The copy holds personal\n" +
			"data and can be read by its owner alone. To restore it, stop leadsync, put it in the place of the database, and remove the\n" +
			"database's -wal and -shm files.",
		Args: exactly(1, "one file to write"),
	}
	asJSON := cmd.Flags().Bool("json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		in, err := loadInstallation(cmd, env)
		if err != nil {
			return err
		}
		source := in.cfg.Database.File
		if source == "" {
			return errors.New("the database is PostgreSQL, which has its own tools: pg_dump --format=custom --file=leadsync.dump DATABASE while leadsync runs, " +
				"pg_restore into an empty database to go back; or the backups of whoever manages it")
		}
		if _, err := os.Stat(source); errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("there is no database %q yet; `leadsync serve` makes it", source)
		}
		done, err := backup(cmd.Context(), env, source, args[0])
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(env.stdout, done)
		}
		tell(env.stdout, "%s: %s in %s, checked; %s, %s, tables of version %d\n", done.File, megabytes(done.Bytes),
			time.Duration(done.Seconds*float64(time.Second)).Round(time.Millisecond), plural(int(done.Portals), "portal"),
			plural(int(done.Contacts), "contact"), done.Version)
		return nil
	}
	return cmd
}

// backup copies the database under another name beside the target, checks the copy, and gives it its name.
func backup(ctx context.Context, env *environment, source, target string) (done backupResult, err error) {
	began := env.now()
	if _, err := os.Lstat(target); err == nil {
		return done, alreadyThere(target)
	}
	size, err := store.SizeOf(ctx, source)
	if err != nil {
		return done, err
	}
	// Whoever may write beside the target may write the target; nobody else can read what comes here.
	file, err := os.CreateTemp(filepath.Dir(target), ".leadsync-backup-*")
	if err != nil {
		return done, fmt.Errorf("write %q: %w; name a file in a folder that is there and can be written to", target, err)
	}
	part := file.Name()
	defer func() {
		if gone := errors.Join(file.Close(), os.Remove(part)); err == nil {
			err = gone
		}
	}()
	stop := watchBackup(ctx, env.stderr, part, size)
	err = store.Copy(ctx, source, part)
	stop()
	if err != nil {
		return done, fmt.Errorf("%w; is there room for %s beside %q?", err, megabytes(size), target)
	}
	what, err := store.Check(ctx, part)
	if err != nil {
		return done, fmt.Errorf("the copy is not good and was thrown away: %w; `sqlite3 %s \"PRAGMA integrity_check\"` examines the database itself", err, source)
	}
	if err := settleBackup(file, part, target); err != nil {
		return done, err
	}
	at, err := os.Stat(target)
	if err != nil {
		return done, fmt.Errorf("look at %q: %w", target, err)
	}
	return backupResult{
		File: target, Bytes: at.Size(), Seconds: env.now().Sub(began).Seconds(), Version: what.Version, Portals: what.Portals, Contacts: what.Contacts,
	}, nil
}

func alreadyThere(target string) error {
	return fmt.Errorf("%q is there already, and a backup overwrites nothing; name a new file", target)
}

// settleBackup brings the copy to the disk and gives it its name, unless there is such a file by now. A link, unlike a
// renaming, replaces nothing.
func settleBackup(file *os.File, part, target string) error {
	if err := file.Sync(); err != nil {
		return fmt.Errorf("bring %q to the disk: %w", target, err)
	}
	switch err := os.Link(part, target); {
	case errors.Is(err, os.ErrExist):
		return alreadyThere(target)
	case err != nil:
		return fmt.Errorf("name the copy %q: %w", target, err)
	}
	folder, err := os.Open(filepath.Dir(target))
	if err != nil {
		return fmt.Errorf("bring the name %q to the disk: %w", target, err)
	}
	if err := errors.Join(folder.Sync(), folder.Close()); err != nil {
		return fmt.Errorf("bring the name %q to the disk: %w", target, err)
	}
	return nil
}

// watchBackup says every few seconds how far a big copy is, until it is stopped.
func watchBackup(ctx context.Context, w io.Writer, part string, size int64) (stop func()) {
	if size < bigBackup {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		tick := time.NewTicker(2 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if at, err := os.Stat(part); err == nil {
					tell(w, "%s of at most %s copied\n", megabytes(at.Size()), megabytes(size))
				}
			}
		}
	}()
	return func() { cancel(); <-over }
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
