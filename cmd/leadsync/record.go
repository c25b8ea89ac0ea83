package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"leadsync/cmd/leadsync/config"
	"leadsync/connector/hubspot"
	"leadsync/connector/recorder"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

type recordOptions struct {
	portal, out, baseURL   string
	contacts               int
	keep                   []string
	shift                  time.Duration
	force, asJSON, compare bool
	secret                 []byte // keys the replacements; nil: drawn, and forgotten at the end
}

func recordCommand(env *environment) *cobra.Command {
	var o recordOptions
	cmd := &cobra.Command{
		Use:   "record",
		Short: "Record what an account answers, with everything personal replaced, for tests and `leadsync replay`",
		Long: "Does what serve does at its start, on a database that is thrown away: description, owners, first load, one sweep.\n" +
			"It only reads; a request that would change the account is not sent. Names, addresses, phones, free text, ids and\n" +
			"tokens are replaced before anything is written, the same person by the same invented one, and the result is searched\n" +
			"for the originals: if one is left, nothing is written. What the strings of a property are is not known, so all of\n" +
			"them are replaced but those that HubSpot itself defines the values of; --keep names more. Ends with a report.",
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error { return record(cmd, env, o) },
	}
	f := cmd.Flags()
	f.StringVarP(&o.portal, "portal", "p", "", "nickname of the portal; not needed if there is only one")
	f.StringVar(&o.out, "out", "recorded", "folder to write the cassettes into; it must not exist")
	f.StringVar(&o.baseURL, "base-url", "", "root of the API, instead of the portal's")
	f.IntVar(&o.contacts, "contacts", 200, "end every listing after so many records; 0 takes all")
	f.StringSliceVar(&o.keep, "keep", nil, "string property whose values stay, such as contacts.jobtitle; may be repeated")
	f.DurationVar(&o.shift, "shift", 0, "move every time by so much")
	f.BoolVar(&o.force, "force", false, "replace the recording that is in the folder")
	f.BoolVar(&o.asJSON, "json", false, "print JSON")
	f.BoolVar(&o.compare, "compare", false, "check the recording for drift; exit code 3 if there is some")
	return cmd
}

func record(cmd *cobra.Command, env *environment, o recordOptions) error {
	if o.contacts < 0 {
		return usageError{fmt.Errorf("--contacts cannot be negative: %d", o.contacts)}
	}
	in, err := loadInstallation(cmd, env)
	if err != nil {
		return err
	}
	p, err := in.choose(o.portal)
	if err != nil {
		return err
	}
	p.BaseURL = orWord(p.BaseURL, hubspot.DefaultBaseURL)
	if o.baseURL != "" {
		p = typed(p, o.baseURL)
	}
	if err := freeFolder(o); err != nil {
		return err
	}
	out, err := recordAccount(cmd.Context(), env, in, p, o)
	if err != nil {
		return err
	}
	if o.asJSON {
		err = printJSON(env.stdout, out)
	} else {
		err = out.write(env.stdout)
	}
	if err == nil && len(out.Drift) > 0 {
		return errFound
	}
	return err
}

// freeFolder refuses to write over something. With --force a recording may be replaced, nothing else.
func freeFolder(o recordOptions) error {
	if _, err := os.Stat(o.out); errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("look at %q: %w", o.out, err)
	}
	if !o.force {
		return fmt.Errorf("%q exists; name another folder with --out, or replace the recording in it with --force", o.out)
	}
	if _, err := recorder.ReadNote(o.out); err != nil {
		return fmt.Errorf("%q is not replaced, because it is no recording: %w", o.out, err)
	}
	return nil
}

// recorded is what a recording came to.
type recorded struct {
	Folder    string              `json:"folder"`
	Requests  int                 `json:"requests"`
	Sample    int                 `json:"sample"`
	Truncated []string            `json:"truncated"`
	Replaced  []recorder.Replaced `json:"replaced"`
	Drift     []recorder.Drift    `json:"drift,omitempty"`
}

func recordAccount(ctx context.Context, env *environment, in *installation, p config.Portal, o recordOptions) (*recorded, error) {
	secret := o.secret
	if secret == nil {
		secret = make([]byte, 32)
		if _, err := rand.Read(secret); err != nil {
			return nil, fmt.Errorf("draw a secret: %w", err)
		}
	}
	rec, conn, err := recording(env, in, p, recorder.Options{
		BaseURL: p.BaseURL, Sample: o.contacts, Keep: o.keep, Shift: o.shift, Secret: secret,
	})
	if err != nil {
		return nil, err
	}
	note, tape, err := conn.capture(ctx, rec)
	if err != nil {
		return nil, err
	}
	note.Sample = o.contacts
	if err := keepTape(tape, note, o.out); err != nil {
		return nil, err
	}
	out := &recorded{
		Folder: filepath.ToSlash(o.out), Requests: tape.Requests, Sample: o.contacts, Truncated: tape.Truncated, Replaced: tape.Replaced,
	}
	if o.compare {
		if out.Drift, err = driftOf(o.out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// keepTape writes the folder; what was there before goes only when the new one is complete.
func keepTape(tape *recorder.Recording, note recorder.Note, out string) error {
	fresh := filepath.Clean(out) + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("make room for %q: %w", fresh, err)
	}
	if err := tape.Write(fresh, note); err != nil {
		return err
	}
	if err := os.RemoveAll(out); err != nil {
		return fmt.Errorf("replace %q: %w; the new recording is in %q", out, err, fresh)
	}
	if err := os.Rename(fresh, out); err != nil {
		return fmt.Errorf("replace %q: %w; the new recording is in %q", out, err, fresh)
	}
	return nil
}

// recording puts a recorder on the wire of a portal.
func recording(env *environment, in *installation, p config.Portal, o recorder.Options) (*recorder.Recorder, *rehearsal, error) {
	var rec *recorder.Recorder
	var failed error
	wired := *env
	wired.wire = func(next http.RoundTripper) http.RoundTripper {
		o.Transport = next
		if rec, failed = recorder.Record(o); failed != nil {
			return next // not used: the error ends the command
		}
		return rec
	}
	log := newLog(env, in.cfg.Log)
	conn, _, err := connect(&wired, in.cfg, p, log, func(hubspot.Call) {})
	if err = errors.Join(err, failed); err != nil {
		return nil, nil, err
	}
	return rec, &rehearsal{env: env, in: in, portal: p, conn: conn, tell: progress(env, log), log: log}, nil
}

// capture rehearses, then redacts what was recorded and notes what a replay needs.
func (r *rehearsal) capture(ctx context.Context, rec *recorder.Recorder) (recorder.Note, *recorder.Recording, error) {
	var note recorder.Note
	if err := r.definitions(ctx); err != nil {
		return note, nil, err
	}
	if err := r.run(ctx, func(*store.Store, *workflows.Portal) error { return nil }); err != nil {
		return note, nil, fmt.Errorf("record portal %q: %w; nothing was written", r.portal.Name, err)
	}
	tape, err := rec.Redact()
	if err != nil {
		return note, nil, err
	}
	note = recorder.Note{
		Version: recorder.NoteVersion, RecordedAt: tape.Time(r.conn.Now()), Account: tape.Value(string(r.portal.Account)),
		Truncated: tape.Truncated, Values: map[string]string{}, Replaced: tape.Replaced,
	}
	for key, word := range accountWords(r.portal) {
		if made := tape.Value(word); made != word {
			note.Values[key] = made
		}
	}
	return note, tape, nil
}

func (r *recorded) write(w io.Writer) error {
	tell(w, "recorded %s into %s; the account was only read\n", plural(r.Requests, "request"), r.Folder)
	if len(r.Truncated) > 0 {
		tell(w, "a sample: listings end after %d records; there are more %v\n", r.Sample, r.Truncated)
	}
	tellLine(w, "no original was found in what was written; replaced:")
	t := tabwriter.NewWriter(w, 2, 4, 2, ' ', 0)
	for _, x := range r.Replaced {
		tell(t, "  %s\t%s\t%d\t\n", x.Kind, x.Where, x.Count)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	writeDrift(w, r.Drift)
	return nil
}

// silent is for replays: what they would log is their report.
func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }
