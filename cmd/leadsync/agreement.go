package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"leadsync/cmd/leadsync/agreement"
	"leadsync/scoring"
)

// agreementColumns is how wide the text is: what a terminal, a ticket or a mail shows without breaking lines.
const agreementColumns = 120

func agreementCommand(env *environment) *cobra.Command {
	var language, html string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "agreement [MODEL]",
		Short: "Print the model as the agreement of marketing and sales: processes, goals, metrics and who is responsible",
		Long: "Prints in tables what the model says: stages and who answers for them, minimum requirements, points, statuses, follow-ups,\n" +
			"goals, metrics, what always holds. It is made for people who do not read YAML, and fit to be signed. The model is that of the\n" +
			"configuration, or the named file. It asks nobody and needs no account.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError{fmt.Errorf("expected one model file or none, got %d", len(args))}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&language, "language", "", "en or de; the language of the first portal if left out, without a configuration en")
	cmd.Flags().StringVar(&html, "html", "", "write a self-contained page to this file (- for standard output)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if language != "" && language != "en" && language != "de" {
			return usageError{fmt.Errorf("--language %q: write en or de", language)}
		}
		if asJSON && html != "" {
			return usageError{fmt.Errorf("--json and --html are two outputs: choose one")}
		}
		model, spoken, err := modelToRead(cmd, env, args)
		if err != nil {
			return err
		}
		if language != "" {
			spoken = language
		}
		d, err := agreement.Of(model, spoken, env.now())
		if err != nil {
			return err
		}
		switch {
		case asJSON:
			return printJSON(env.stdout, d)
		case html != "":
			return writeAgreement(env, html, d)
		}
		return d.Text(env.stdout, agreementColumns)
	}
	return cmd
}

// modelToRead is the named model, or that of the configuration with the language of its first portal.
func modelToRead(cmd *cobra.Command, env *environment, args []string) (m *scoring.Model, language string, err error) {
	if len(args) == 0 {
		in, err := loadInstallation(cmd, env)
		if err != nil {
			return nil, "", err
		}
		return in.model, in.cfg.Portals[0].Language, nil
	}
	m, err = loadModel(env, args[0], "name a model file")
	return m, "en", err
}

// writeAgreement writes the page. It tells about no person, so whoever may read the folder may read it.
func writeAgreement(env *environment, name string, d *agreement.Document) error {
	var b strings.Builder
	if err := d.Page(&b); err != nil {
		return err
	}
	if name == "-" {
		_, err := io.WriteString(env.stdout, b.String())
		return err
	}
	if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil { //nolint:gosec // the operator names it, and everybody is to read it
		return fmt.Errorf("write page: %w; name another file with --html", err)
	}
	tell(env.stdout, "wrote %s\n", name)
	return nil
}
