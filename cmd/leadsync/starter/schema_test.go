package starter_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"leadsync/cmd/leadsync/starter"
	"leadsync/scoring"
)

// An editor finds nothing to complain about in a model that init has just written, and finds a slip in it.
func TestSchema_acceptsProposedModels(t *testing.T) {
	text, err := scoring.Schema()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("model.schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("model.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	bare := usual()
	bare.Contact = bare.Contact[:1] // email, which every account has
	bare.Company, bare.Forms, bare.Pipelines, bare.Statuses = nil, nil, nil, nil
	for name, found := range map[string]starter.Found{"usual account": usual(), "bare account": bare} {
		_, model, err := starter.Files(found)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(model), "# yaml-language-server: $schema=model.schema.json\n") {
			t.Errorf("%s: the model does not name its schema in its first line", name)
		}
		parsed, err := scoring.Parse("model.yaml", model)
		if err != nil {
			t.Fatal(err)
		}
		validate := func(canonical string) error {
			value, err := jsonschema.UnmarshalJSON(strings.NewReader(canonical))
			if err != nil {
				t.Fatal(err)
			}
			return schema.Validate(value)
		}
		text := string(parsed.Canonical())
		if err := validate(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if slip := strings.Replace(text, `"push_step":`, `"push_steps":`, 1); validate(slip) == nil {
			t.Errorf("%s: push_steps: is not found", name)
		}
	}
}
