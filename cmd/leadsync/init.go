package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/starter"
	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/scoring"
)

type initOptions struct {
	name, tokenEnv, tokenFile, baseURL, out, language string
	sample                                            int
	simulated, asJSON                                 bool
}

func initCommand(env *environment) *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a first configuration and model from an account's own stages, statuses, forms and properties",
		Long: "Asks the account (reads only) and writes leadsync.yaml and model.yaml, both commented, into a folder, and beside them\n" +
			"model.schema.json, by which editors check the model while it is written. Existing files are never overwritten. Every effect begins in shadow. Go on with `leadsync doctor`.",
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error { return initialise(cmd.Context(), env, o) },
	}
	cmd.Flags().StringVar(&o.name, "name", "main", "nickname of the account: lower-case letters, digits, - and _")
	cmd.Flags().StringVar(&o.tokenEnv, "token-env", "", "environment variable that holds the access token")
	cmd.Flags().StringVar(&o.tokenFile, "token-file", "", "file that holds the access token")
	cmd.Flags().StringVar(&o.baseURL, "base-url", "", "root of the API; default: HubSpot's own")
	cmd.Flags().StringVar(&o.out, "out", ".", "folder to write into; it is made if it is not there")
	cmd.Flags().StringVar(&o.language, "language", "en", "language of reasons and tasks: en or de")
	cmd.Flags().IntVar(&o.sample, "sample", 200, "contacts to look at, to see which properties are filled in")
	cmd.Flags().BoolVar(&o.simulated, "simulated", false, "the account is a simulated one on this machine: follow its clock")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

// initialised is what init did.
type initialised struct {
	Account connector.PortalID `json:"account"`
	Written []string           `json:"written"`
	Notes   []string           `json:"notes,omitempty"`
}

func (o initOptions) check() error {
	switch {
	case (o.tokenEnv == "") == (o.tokenFile == ""):
		return usageError{errors.New("name the token with either --token-env VARIABLE or --token-file FILE")}
	case o.language != "en" && o.language != "de":
		return usageError{fmt.Errorf("--language %s: only en and de are known", o.language)}
	case o.sample < 0:
		return usageError{fmt.Errorf("--sample cannot be negative: %d", o.sample)}
	}
	return nil
}

func initialise(ctx context.Context, env *environment, o initOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	for _, name := range []string{"leadsync.yaml", "model.yaml", "model.schema.json"} {
		if _, err := os.Stat(filepath.Join(o.out, name)); err == nil {
			return fmt.Errorf("%s exists already and is not overwritten; move it away, or choose another folder with --out", filepath.Join(o.out, name))
		}
	}
	found, notes, err := ask(ctx, env, o)
	if err != nil {
		return err
	}
	files, err := proposed(found)
	if err != nil {
		return err
	}
	done := initialised{Account: found.Account.ID, Notes: notes}
	if err := os.MkdirAll(o.out, 0o750); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	for name, text := range files {
		path := filepath.Join(o.out, name)
		if err := writeNew(path, text); err != nil {
			return err
		}
		done.Written = append(done.Written, path)
	}
	slices.Sort(done.Written)
	return done.print(env, o)
}

// proposed are the files by name. What is written must be what the program accepts: a proposal with a mistake in
// it helps nobody.
func proposed(found starter.Found) (map[string][]byte, error) {
	cfg, model, err := starter.Files(found)
	if err != nil {
		return nil, err
	}
	if _, err := config.Parse("leadsync.yaml", cfg); err != nil {
		return nil, fmt.Errorf("the proposed configuration is not valid, nothing was written: %w", err)
	}
	if _, err := scoring.Parse("model.yaml", model); err != nil {
		return nil, fmt.Errorf("the proposed model is not valid, nothing was written: %w", err)
	}
	schema, err := scoring.Schema()
	if err != nil {
		return nil, err
	}
	return map[string][]byte{"leadsync.yaml": cfg, "model.yaml": model, "model.schema.json": schema}, nil
}

// writeNew writes a file that must not exist.
func writeNew(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator names the folder
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

func (d initialised) print(env *environment, o initOptions) error {
	if o.asJSON {
		return printJSON(env.stdout, d)
	}
	for _, path := range d.Written {
		tell(env.stdout, "wrote %s\n", path)
	}
	for _, note := range d.Notes {
		tell(env.stdout, "note  %s\n", note)
	}
	tell(env.stdout, "Read both files with marketing and sales, then run `leadsync doctor --config %s`.\n", filepath.Join(o.out, "leadsync.yaml"))
	return nil
}

// ask reads everything that the files are made of.
func ask(ctx context.Context, env *environment, o initOptions) (starter.Found, []string, error) {
	p := config.DefaultPortal()
	p.Name = o.name
	p.Token = config.SecretSource{Key: "--token", Env: o.tokenEnv, File: o.tokenFile}
	if o.baseURL != "" {
		p = typed(p, strings.TrimRight(o.baseURL, "/"))
	}
	base := config.Default()
	found := starter.Found{Name: o.name, BaseURL: strings.TrimRight(o.baseURL, "/"), TokenEnv: o.tokenEnv, Language: o.language, Simulated: o.simulated, Private: p.AllowPrivateAddress && !o.simulated}
	if o.tokenFile != "" {
		rel, err := relative(o.out, o.tokenFile)
		if err != nil {
			return found, nil, err
		}
		found.TokenKey = rel
	}
	_, client, err := connect(env, &base, p, slog.New(slog.DiscardHandler), func(hubspot.Call) {})
	if err != nil {
		return found, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	a := asking{env: env, client: client, found: &found}
	if err := a.all(ctx, o.sample); err != nil {
		return found, nil, err
	}
	return found, a.notes, nil
}

// relative is a path as seen from the folder of the configuration.
func relative(folder, path string) (string, error) {
	from, err := filepath.Abs(folder)
	if err != nil {
		return "", fmt.Errorf("find folder %q: %w", folder, err)
	}
	to, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find token file %q: %w", path, err)
	}
	rel, err := filepath.Rel(from, to)
	if err != nil {
		return to, nil //nolint:nilerr // another volume: the whole path is right
	}
	return rel, nil
}

// asking fills a Found.
type asking struct {
	env    *environment
	client *hubspot.Client
	found  *starter.Found
	notes  []string
}

func (a *asking) step(text string) { tell(a.env.stderr, "reading %s\n", text) }

func (a *asking) all(ctx context.Context, sample int) (err error) {
	f := a.found
	a.step("account")
	if f.Account, err = a.client.Account(ctx); err != nil {
		return fmt.Errorf("ask who the token belongs to: %w", err)
	}
	a.step("properties, stages and statuses")
	if f.Contact, err = a.client.Properties(ctx, connector.TypeContact); err != nil {
		return fmt.Errorf("read contact properties: %w", err)
	}
	names := hubspot.Names()
	for _, p := range f.Contact {
		switch p.Name {
		case names.Stage:
			f.Stages = p.Options
		case names.Status:
			f.Statuses = p.Options
		}
	}
	if len(f.Stages) == 0 {
		return fmt.Errorf("property %q has no options that can be read; check the token's scopes with `leadsync doctor`", names.Stage)
	}
	optional(a, "company properties", &f.Company, func() ([]connector.Property, error) { return a.client.Properties(ctx, connector.TypeCompany) })
	optional(a, "pipelines", &f.Pipelines, func() ([]connector.Pipeline, error) { return a.client.Pipelines(ctx) })
	optional(a, "owners", &f.Owners, func() ([]connector.Owner, error) { return a.client.Owners(ctx) })
	optional(a, "call outcomes", &f.Dispositions, func() ([]connector.Option, error) { return a.client.Dispositions(ctx) })
	optional(a, "forms", &f.Forms, func() ([]connector.Form, error) { return a.client.Forms(ctx) })
	return a.usage(ctx, sample)
}

// optional reads what the files can do without, and notes why it is missing.
func optional[T any](a *asking, what string, into *T, read func() (T, error)) {
	a.step(what)
	got, err := read()
	if err != nil {
		a.notes = append(a.notes, fmt.Sprintf("%s could not be read and are left out: %v", what, err))
		return
	}
	*into = got
}

// usageChunk is how many records are read with all their properties at once: an answer has a few thousand
// characters a record.
const usageChunk = 25

// usage looks at some contacts and their companies to see which properties people fill in. Only counts leave
// this function.
func (a *asking) usage(ctx context.Context, sample int) error {
	f := a.found
	f.Filled = map[string]int{}
	var ids []connector.ObjectID
	for at := connector.Cursor(""); len(ids) < sample; {
		page, err := a.client.List(ctx, connector.TypeContact, at, []string{hubspot.Names().Email})
		if err != nil {
			return fmt.Errorf("list contacts: %w", err)
		}
		for _, o := range page.Objects {
			ids = append(ids, o.ID)
		}
		if at = page.Next; at == "" {
			break
		}
	}
	ids = ids[:min(len(ids), sample)]
	companies := map[connector.ObjectID]int{}
	for chunk := range slices.Chunk(ids, usageChunk) {
		got, err := a.client.Read(ctx, connector.TypeContact, chunk, visible(f.Contact))
		if err != nil {
			return fmt.Errorf("read %d contacts: %w", len(chunk), err)
		}
		for _, o := range got.Found {
			f.Sampled++
			for name := range o.Properties {
				f.Filled["contact."+name]++
			}
			if id := connector.ObjectID(o.Properties[hubspot.Names().CompanyID]); id != "" {
				companies[id]++
			}
		}
		tell(a.env.stderr, "looking at properties: %d of %d contacts\n", f.Sampled, len(ids))
	}
	return a.companyUsage(ctx, companies)
}

func (a *asking) companyUsage(ctx context.Context, companies map[connector.ObjectID]int) error {
	ids := make([]connector.ObjectID, 0, len(companies))
	for id := range companies {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for chunk := range slices.Chunk(ids, usageChunk) {
		got, err := a.client.Read(ctx, connector.TypeCompany, chunk, visible(a.found.Company))
		if errors.Is(err, connector.ErrForbidden) {
			a.notes = append(a.notes, "companies cannot be read with this token; facts about companies stay unknown")
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %d companies: %w", len(chunk), err)
		}
		for id, o := range got.Found {
			for name := range o.Properties {
				a.found.Filled["company."+name] += companies[id]
			}
		}
	}
	return nil
}

func visible(props []connector.Property) []string {
	var names []string
	for _, p := range props {
		names = append(names, p.Name)
	}
	return names
}
