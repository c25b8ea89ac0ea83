package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"leadsync/cmd/leadsync/config"
	"leadsync/connector"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

func privacyCommand(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "privacy",
		Short: "Answer a request for access, erase a person here, and say when somebody was erased",
		Long: "What the CRM deletes for privacy is erased here by itself, when its webhook comes or when the contact is read the next time.\n" +
			"These commands are for what people ask of you directly. They work while `leadsync serve` runs.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q; there are export, erase, readmit and log", "privacy "+args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(privacyExportCommand(env), privacyEraseCommand(env), privacyReadmitCommand(env), privacyLogCommand(env))
	return cmd
}

// onContact finds the one contact that is meant, and its portal's database.
func onContact(
	cmd *cobra.Command, env *environment, portal, text string,
	do func(ctx context.Context, p config.Portal, st *store.Store, id connector.ObjectID) error,
) error {
	c := portalCommand{env: env, portal: &portal}
	return c.with(cmd, func(ctx context.Context, _ *installation, p config.Portal, st *store.Store) error {
		ids, err := st.FindContact(ctx, p.Account, text)
		switch {
		case err != nil:
			return err
		case len(ids) > 1:
			return fmt.Errorf("%d contacts match: %v; name one by its id", len(ids), ids)
		case len(ids) == 1:
			return do(ctx, p, st, ids[0])
		}
		return do(ctx, p, st, connector.ObjectID(text)) // what is not in the mirror may stand elsewhere
	})
}

// unknownContact does not repeat whom it was asked about.
func unknownContact(ctx context.Context, p config.Portal, st *store.Store, id connector.ObjectID) error {
	erased, err := st.Erased(ctx, p.Account, id)
	if err != nil {
		return err
	}
	if erased {
		return fmt.Errorf("this contact was erased in portal %q: nothing is stored about it but a keyed hash of its id, which keeps it from coming back", p.Name)
	}
	return fmt.Errorf("nothing is stored about this contact in portal %q; name it by its id in the CRM or by the e-mail address that it has there", p.Name)
}

func privacyExportCommand(env *environment) *cobra.Command {
	out := "-"
	cmd := &cobra.Command{
		Use:   "export CONTACT",
		Short: "Print everything that is stored about a contact, as JSON",
		Long: "CONTACT is the contact's id in the CRM or its e-mail address. The answer has every row of every table in which the contact\n" +
			"stands, under every id that it ever had, the records linked to it (calls, meetings, mails, notes, tasks, deals), and the\n" +
			"events of stored webhooks that name it. Times are in UTC. What the README's table of tables says of each holds here too.\n" +
			"It is personal data: --out writes a file that only you can read.",
		Args: exactly(1, "one contact (id or e-mail address)"),
	}
	portal := portalFlag(cmd)
	cmd.Flags().StringVarP(&out, "out", "o", "-", "file to write; - prints")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return onContact(cmd, env, *portal, args[0], func(ctx context.Context, p config.Portal, st *store.Store, id connector.ObjectID) error {
			subject, err := st.Subject(ctx, p.Account, id)
			if errors.Is(err, workflows.ErrNoRecord) {
				return unknownContact(ctx, p, st, id)
			}
			if err != nil {
				return err
			}
			return writeSubject(env, out, subjectExport{At: env.now().UTC().Truncate(time.Second), Subject: subject})
		})
	}
	return cmd
}

// subjectExport is what `leadsync privacy export` prints.
type subjectExport struct {
	At time.Time `json:"exported_at"`
	store.Subject
}

func writeSubject(env *environment, name string, e subjectExport) error {
	if name == "-" {
		return printJSON(env.stdout, e)
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator names it
	if err != nil {
		return fmt.Errorf("write export: %w; name a file that is not there yet", err)
	}
	encoder := json.NewEncoder(guarded(file))
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(e); err != nil {
		return errors.Join(fmt.Errorf("write export: %w", err), file.Close())
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	tell(env.stdout, "wrote %s: %d rows of %d tables\n", name, e.Rows(), len(e.Tables))
	return nil
}

// erasedResult is what `leadsync privacy erase --json` prints. It names nobody.
type erasedResult struct {
	Portal string         `json:"portal"`
	IDs    int            `json:"ids"`
	Rows   map[string]int `json:"rows"`
	Next   []string       `json:"next"`
}

func privacyEraseCommand(env *environment) *cobra.Command {
	var yes, asJSON bool
	cmd := &cobra.Command{
		Use:   "erase CONTACT",
		Short: "Erase a contact here for good; the CRM keeps it until you delete it there",
		Long: "CONTACT is the contact's id in the CRM or its e-mail address. Everything that `leadsync privacy export` shows goes, but for\n" +
			"deals and for activities that other contacts share, of which the link to this one goes. What is on its way to the CRM is not sent.\n" +
			"A keyed hash of the id stays, so that neither webhooks nor sweeps bring the contact back (`leadsync privacy readmit` ends that).\n\n" +
			"The CRM itself is NOT changed: delete the contact there for good (in HubSpot: the contact, Actions, Delete, Permanently delete).\n" +
			"If you do that first, leadsync erases the contact by itself. What leadsync wrote into the CRM (properties, tasks, deals)\n" +
			"is the CRM's and goes with it there, and backups of the database keep what they have until they are deleted.",
		Args: exactly(1, "one contact (id or e-mail address)"),
	}
	portal := portalFlag(cmd)
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON; needs --yes")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if asJSON && !yes {
			return usageError{errors.New("--json asks nobody, so it needs --yes")}
		}
		return onContact(cmd, env, *portal, args[0], func(ctx context.Context, p config.Portal, st *store.Store, id connector.ObjectID) error {
			subject, err := st.Subject(ctx, p.Account, id)
			if errors.Is(err, workflows.ErrNoRecord) {
				return unknownContact(ctx, p, st, id)
			}
			if err != nil {
				return err
			}
			question := fmt.Sprintf("Erase this contact and %d rows about it from portal %s, for good? The CRM keeps the contact.", subject.Rows(), p.Name)
			if !yes && !confirm(env, question) {
				return errors.New("nothing was erased")
			}
			if err := st.EraseHere(ctx, p.Account, subject.Contact); err != nil {
				return err
			}
			return reportErasure(env, p, subject, asJSON)
		})
	}
	return cmd
}

func reportErasure(env *environment, p config.Portal, subject store.Subject, asJSON bool) error {
	out := erasedResult{Portal: p.Name, IDs: 1 + len(subject.Merged), Rows: map[string]int{}, Next: []string{
		"delete the contact in the CRM for good (in HubSpot: the contact, Actions, Delete, Permanently delete)",
		"delete backups of the database that are older than this, when their time has come",
	}}
	for table, rows := range subject.Tables {
		out.Rows[table] = len(rows)
	}
	if asJSON {
		return printJSON(env.stdout, out)
	}
	tell(env.stdout, "erased here: %s and what stood about the person in %d tables (%d rows).\n", plural(out.IDs, "id"), len(out.Rows), subject.Rows())
	tellLine(env.stdout, "The CRM was not changed and still has the contact.")
	writeNext(env.stdout, out.Next)
	return nil
}

func writeNext(w io.Writer, next []string) {
	tellLine(w, "Next:")
	for _, step := range next {
		tell(w, "  %s\n", step)
	}
}

func privacyReadmitCommand(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "readmit ID",
		Short: "Let a contact that was erased here be stored again, if the CRM still has it",
		Long: "ID is the contact's id in the CRM. It is read from the CRM again as a new one; what was erased does not come back, and the\n" +
			"calls, meetings and mails that were erased with it stay away.",
		Args: exactly(1, "one id of a contact"),
	}
	c := portalCommand{env: env, portal: portalFlag(cmd)}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return c.with(cmd, func(ctx context.Context, _ *installation, p config.Portal, st *store.Store) error {
			was, err := st.Readmit(ctx, p.Account, connector.ObjectID(args[0]))
			if err != nil {
				return err
			}
			if !was {
				return fmt.Errorf("no contact with this id was erased in portal %q; `leadsync privacy log` says when somebody was", p.Name)
			}
			tell(env.stdout, "portal %s: the contact is read at the next round and stored again.\n", p.Name)
			return nil
		})
	}
	return cmd
}

func privacyLogCommand(env *environment) *cobra.Command {
	var asJSON bool
	limit := 100
	cmd := &cobra.Command{
		Use:   "log",
		Short: "Say when contacts were erased and by whose order; it names nobody",
		Args:  exactly(0, "no arguments"),
	}
	c := portalCommand{env: env, portal: portalFlag(cmd)}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().IntVar(&limit, "limit", limit, "at most so many, the newest")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := atLeastOne(limit); err != nil {
			return err
		}
		return c.with(cmd, func(ctx context.Context, _ *installation, p config.Portal, st *store.Store) error {
			found, err := st.Erasures(ctx, p.Account, limit)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(env.stdout, erasureLog{Portal: p.Name, Erasures: found})
			}
			writeErasures(env.stdout, p, found)
			return nil
		})
	}
	return cmd
}

// erasureLog is what `leadsync privacy log --json` prints.
type erasureLog struct {
	Portal   string          `json:"portal"`
	Erasures []store.Erasure `json:"erasures"`
}

func writeErasures(w io.Writer, p config.Portal, found []store.Erasure) {
	if len(found) == 0 {
		tell(w, "portal %s: nobody was erased.\n", p.Name)
		return
	}
	orders := map[string]string{"crm": "the CRM deleted it", "operator": "leadsync privacy erase"}
	for _, e := range found {
		tell(w, "%s  %s  (%d ids and activities)\n", e.At.UTC().Format(time.RFC3339), orWord(orders[e.By], e.By), e.Records)
	}
}
