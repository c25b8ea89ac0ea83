// Package starter writes the first configuration and the first model of an installation from what an account
// was found to have: its own stages, statuses, pipelines, forms and owners, and the properties that people
// really fill in. It is pure; the command that uses it asks the account and writes the files.
//
// The files are a proposal for a talk between marketing and sales, not a judgement: everything is commented,
// nothing is switched on, and a part of the model whose source the account does not have is left out with a
// comment that says so.
package starter

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"leadsync/connector"
)

//go:embed leadsync.yaml.tmpl
var configTemplate string

//go:embed model.yaml.tmpl
var modelTemplate string

// Found is what the account has.
type Found struct {
	Name     string // nickname of the portal
	Account  connector.Account
	BaseURL  string // empty for HubSpot's own
	TokenEnv string // name of the variable, or empty
	TokenKey string // path of the token file, or empty
	Language string // en or de
	// Private is true if BaseURL names a private address of something else than a simulated account.
	Private bool
	// Simulated is true for a simulated account, whose clock leadsync then follows.
	Simulated bool

	Stages, Statuses, Dispositions []connector.Option
	Pipelines                      []connector.Pipeline
	Owners                         []connector.Owner
	Forms                          []connector.Form
	// Contact and Company are the definitions; Filled says of how many of Sampled contacts a property is known.
	Contact, Company []connector.Property
	Filled           map[string]int // "contact.jobtitle" → how many
	Sampled          int
}

// Files gives the texts of the configuration and of the model.
func Files(f Found) (config, model []byte, err error) {
	v := proposal(f)
	if config, err = expand("leadsync.yaml", configTemplate, v); err != nil {
		return nil, nil, err
	}
	if model, err = expand("model.yaml", modelTemplate, v); err != nil {
		return nil, nil, err
	}
	return config, model, nil
}

func expand(name, text string, v view) ([]byte, error) {
	functions := template.FuncMap{"quote": quote, "comment": comment}
	t, err := template.New(name).Funcs(functions).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("parse template of %s: %w", name, err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, v); err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// quote writes a text as a YAML scalar in single quotes, which know no escapes but their own doubling.
func quote(s string) string { return "'" + strings.ReplaceAll(printable(s), "'", "''") + "'" }

// comment makes a text of the account fit to stand behind a #.
func comment(s string) string { return printable(s) }

// printable takes out what could end a line or hide text.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e || r == 0xfeff {
			return ' '
		}
		return r
	}, s)
}

// literal writes a text as a string of the condition language.
func literal(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(printable(s)) + `"`
}

// slug makes a name of the model from a label: "Sales Accepted!" → "sales_accepted". It avoids taken names.
func slug(label, value string, taken map[string]bool) string {
	umlauts := strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss")
	for _, text := range []string{label, value, "value"} {
		words := strings.FieldsFunc(umlauts.Replace(strings.ToLower(text)), func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9')
		})
		name := strings.TrimLeft(strings.Join(words, "_"), "0123456789_")
		if name == "" {
			continue
		}
		for n := 1; ; n++ {
			candidate := name
			if n > 1 {
				candidate = fmt.Sprintf("%s_%d", name, n)
			}
			if !taken[candidate] {
				taken[candidate] = true
				return candidate
			}
		}
	}
	return value
}

func ordered(options []connector.Option) []connector.Option {
	out := slices.Clone(options)
	slices.SortStableFunc(out, func(a, b connector.Option) int { return a.Order - b.Order })
	return slices.DeleteFunc(out, func(o connector.Option) bool { return o.Value == "" })
}
