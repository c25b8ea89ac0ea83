package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"leadsync/scoring"
)

// schemaCommand prints the JSON Schema of the model file.
func schemaCommand(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the model file, by which editors complete and check it",
		Long: "Prints a JSON Schema (draft 2020-12) made from what this version accepts. Keep it beside the model and name it in the\n" +
			"model's first line:\n\n" +
			"  leadsync schema > model.schema.json\n" +
			"  # yaml-language-server: $schema=model.schema.json\n\n" +
			"`leadsync check` finds what a schema cannot: conditions, names that are declared nowhere, thresholds out of reach.",
		Args: exactly(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			text, err := scoring.Schema()
			if err != nil {
				return err
			}
			if _, err := env.stdout.Write(text); err != nil {
				return fmt.Errorf("print the schema: %w", err)
			}
			return nil
		},
	}
}
