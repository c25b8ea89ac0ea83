package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"leadsync/cmd/leadsync/modeltest"
	"leadsync/connector/hubspot"
	"leadsync/scoring"
)

// storySuffix is how the names of files with stories end.
const storySuffix = "_test.yaml"

func testCommand(env *environment) *cobra.Command {
	var asJSON, requireCoverage bool
	var junit string
	cmd := &cobra.Command{
		Use:   "test [FILE...]",
		Short: "Play the stories of leads that the model was agreed on, and say where it does otherwise",
		Long: "Runs the named files, the *_test.yaml of named folders, or without a name those beside the model of the configuration.\n" +
			"A story tells with dates what a lead does and what is expected of it: stage, status, points and their reasons, what is\n" +
			"missing, tasks and deals. It is played by the code that serves an account; no account is needed.\n" +
			"At the end stands what no story reached. Exit code 3 if something is otherwise than expected.",
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().StringVar(&junit, "junit", "", "also write a JUnit report to this file")
	cmd.Flags().BoolVar(&requireCoverage, "require-coverage", false, "fail too if something of the model is not reached by any story")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		paths, err := storyFiles(cmd, env, args)
		if err != nil {
			return err
		}
		files, err := parseStories(env, paths)
		if err != nil {
			return err
		}
		report := modeltest.Play(files, hubspot.Names())
		if err := writeReport(env, report, junit, asJSON); err != nil {
			return err
		}
		if report.Failed > 0 || requireCoverage && !report.Complete() {
			return errFound
		}
		return nil
	}
	return cmd
}

// storyFiles are the files to run: the named ones, or those beside the model.
func storyFiles(cmd *cobra.Command, env *environment, args []string) ([]string, error) {
	if len(args) == 0 {
		in, err := loadInstallation(cmd, env)
		if err != nil {
			return nil, err
		}
		args = []string{filepath.Dir(in.cfg.Model)}
	}
	var paths []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, fmt.Errorf("read stories: %w; name a file with stories, or a folder", err)
		}
		if !info.IsDir() {
			paths = append(paths, arg)
			continue
		}
		entries, err := os.ReadDir(arg)
		if err != nil {
			return nil, fmt.Errorf("list stories: %w", err)
		}
		found := len(paths)
		for _, e := range entries {
			if !e.IsDir() && strings.HasSuffix(e.Name(), storySuffix) {
				paths = append(paths, filepath.Join(arg, e.Name()))
			}
		}
		if len(paths) == found {
			return nil, fmt.Errorf("there are no stories in %q; write them to a file whose name ends in %s, or name another file", arg, storySuffix)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

// parseStories reads all files before any is played; the mistakes of all are told at once.
func parseStories(env *environment, paths []string) ([]*modeltest.File, error) {
	var files []*modeltest.File
	var mistakes []error
	load := func(path string) (*scoring.Model, error) {
		return loadModel(env, path, "the key `model` of the stories names it, seen from their folder")
	}
	for _, path := range paths {
		text, err := env.readFile(path)
		if err != nil {
			return nil, fmt.Errorf("read stories: %w", err)
		}
		f, err := modeltest.Parse(path, text, load)
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		files = append(files, f)
	}
	return files, errors.Join(mistakes...)
}

func writeReport(env *environment, report modeltest.Report, junit string, asJSON bool) error {
	if junit != "" {
		var b bytes.Buffer
		if err := report.JUnit(&b); err != nil {
			return err
		}
		if err := os.WriteFile(junit, b.Bytes(), 0o600); err != nil {
			return fmt.Errorf("write JUnit report: %w; --junit names the file", err)
		}
	}
	if asJSON {
		return printJSON(env.stdout, report)
	}
	report.Text(env.stdout)
	return nil
}
