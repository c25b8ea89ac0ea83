package scoring_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"leadsync/fixtures"
	"leadsync/scoring"
)

// schemaOnce makes the schema for all tests: making it parses the references some hundred times.
var schemaOnce = sync.OnceValues(scoring.Schema)

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := schemaOnce()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler() // checks the schema against the dialect that it names
	if err := compiler.AddResource("model.schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("model.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// asJSON is a model as an editor sees it.
func asJSON(t *testing.T, text []byte) (any, error) {
	t.Helper()
	var value any
	if err := yaml.Load(text, &value); err != nil {
		return nil, err
	}
	return jsonValue(value), nil
}

func jsonValue(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key := range v {
			v[key] = jsonValue(v[key])
		}
		return v
	case map[any]any:
		object := map[string]any{}
		for key, one := range v {
			object[fmt.Sprint(key)] = jsonValue(one)
		}
		return object
	case []any:
		for i := range v {
			v[i] = jsonValue(v[i])
		}
		return v
	case nil, bool, string, int, int64, uint64, float64:
		return v
	default: // a date
		return fmt.Sprint(v)
	}
}

func TestSchema_acceptsEverySample(t *testing.T) {
	schema := compiledSchema(t)
	files, err := filepath.Glob("../fixtures/models/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	files = slices.DeleteFunc(files, func(file string) bool { return strings.HasSuffix(file, "_test.yaml") }) // stories
	for _, file := range append(files, "../cmd/leadsync/demomodel/model.yaml", "reference.yaml", "reference_bounds.yaml") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		value, err := asJSON(t, text)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if _, err := scoring.Parse(file, text); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// beyondSchema are the broken models whose mistake is not in the structure: a name that is declared nowhere, a
// bound that another key gives, what stands elsewhere. Parse alone finds them, and what is wrong inside a
// condition.
func beyondSchema() []string {
	return []string{
		"activity_attribute", "activity_unknown", "advertising_consent_time", "advertising_never", "alias", "assignment_entry_unreachable", "assignment_for_slip", "assignment_name_owner", "assignment_name_person",
		"assignment_person_is_owner", "assignment_person_twice", "assignment_when_moves", "assignment_when_unknown",
		"audience_empty", "audience_list_of_follow_up", "audience_stage", "audience_stage_twice", "audience_tier", "audience_when", "audience_without_advertising",
		"back_to_ahead", "back_to_from_side_track", "back_to_itself",
		"back_to_manual", "back_to_not_behind_status", "back_to_side_track", "back_to_twice", "back_to_unknown_stage",
		"body_placeholder", "cap_below_points", "close_in_too_long", "deal_amount_braces", "deal_amount_text", "deal_pipeline_activity", "deal_pipeline_after_all", "deal_pipeline_stage", "deal_pipeline_unknown_fact", "deal_property_own", "deal_property_placeholder",
		"direct_number", "direct_unknown_activity", "do_not_profile_time", "do_not_profile_unknown_fact",
		"due_fact_unknown", "fact_deals_words_of_number", "fact_label_is_other_word", "fact_label_of_two", "fact_label_twice", "fact_option_twice", "fact_otherwise_spaces",
		"fact_words_of_number", "follow_up_activity_attribute", "follow_up_activity_unknown", "follow_up_does_nothing",
		"follow_up_obsolete_days", "follow_up_obsolete_time", "follow_up_twice",
		"follow_up_unknown_status", "follow_up_while_unknown", "gate_complete_twice", "gate_complete_unknown_fact", "gate_forbids_unknown_fact",
		"gate_twice", "grades_gap", "grades_not_falling", "grades_same_score",
		"grades_unknown_score", "grid_uneven", "group_minimum_above_maximum", "group_nested", "group_rule_twice",
		"group_twice", "group_without_limit", "half_life_off_the_grid",
		"handover_ask", "handover_ask_placeholder", "handover_back_to", "handover_both_answers", "handover_confirm_number", "handover_confirm_unknown", "handover_empty", "handover_nothing", "handover_problem", "handover_reason", "handover_word",
		"invariant_activity", "invariant_fact_stage", "invariant_twice",
		"invariant_unknown_fact", "invariant_unknown_stage", "invariant_unknown_stage_in_list", "invariant_unknown_status", "kind_any_of_one", "kind_any_of_twice",
		"kind_any_of_unknown", "kind_attribute_differs", "kind_attribute_inherited", "kind_of_below", "kind_of_everything",
		"kind_of_itself", "kind_of_unknown", "ladder_step_placeholder", "lists_both", "lists_twice", "loses_negative", "loses_nothing",
		"loses_off_the_grid", "machine_too_long",
		"made_attribute_differs", "made_attribute_is_text", "made_attribute_of_made", "made_attribute_pattern_empty",
		"made_attribute_pattern_twice", "made_attribute_unknown", "made_attribute_word_twice", "minimum_above_maximum",
		"misjudged_ask_alone", "misjudged_cool_down_too_long", "misjudged_end_twice", "misjudged_source", "misjudged_stage_twice", "misjudged_unknown_status", "misjudged_wants_text",
		"mql_manual", "no_mql", "overrides_empty", "overrides_keep_long", "overrides_notice_long", "placeholder",
		"placeholder_fact", "placeholder_grade", "points_hexadecimal", "points_too_fine", "points_zero", "rank_grades", "rank_tier", "requires_number", "requires_slip",
		"response_escalation_empty", "response_escalation_placeholder", "response_remind_days", "response_remind_too_long", "response_source_unknown", "response_team_number", "response_twice", "response_unknown_activity", "response_unknown_stage",
		"rule_twice",
		"silence_cap", "silence_off_the_grid", "silence_positive", "silence_unknown_kind", "stage_twice", "status_twice",
		"status_unknown_stage", "steps_not_falling", "steps_not_rising", "steps_off_the_grid", "steps_same_age",
		"supporting_alone", "supporting_negative", "task_attempt_without_ladder", "task_due_fact", "then_back_not_behind", "then_same_status", "then_unknown_status", "threshold_above_maximum", "threshold_unknown_score",
		"tiers_grade_twice", "tiers_impossible_grade", "tiers_mixed", "tiers_same_bound", "tiers_without_grades",
		"time_zone_local", "time_zone_unknown", "unknown_gate", "variant_activity", "variant_condition_unknown_fact", "variant_gate_missing",
		"variant_grades_only", "variant_mql_manual", "variant_owner", "variant_score_extra", "variant_score_missing",
		"variant_score_misspelt", "variant_scores_order", "variant_side_track", "variant_stage_missing",
		"variant_stage_missing_last", "variant_stage_order", "variant_stage_twice", "variant_stage_unknown", "variant_threshold",
		"variant_tier_grades", "variant_tiers_only", "variant_time", "variant_twice", "window_too_long", "words_list_is_fact", "words_list_twice",
	}
}

func TestSchema_refusesBrokenStructure(t *testing.T) {
	schema := compiledSchema(t)
	files, err := fs.Glob(fixtures.Models(), "models/broken/*.yaml")
	if err != nil || len(files) < 100 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var accepted []string
	for _, file := range files {
		text, err := fixtures.Models().ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		value, err := asJSON(t, text)
		name := strings.TrimSuffix(path.Base(file), ".yaml")
		inside := strings.HasPrefix(name, "condition_") && name != "condition_always" && name != "condition_empty"
		switch accepts := err == nil && schema.Validate(value) == nil; {
		case inside && !accepts:
			t.Errorf("%s is refused although only the text of a condition is wrong", name)
		case accepts && !inside:
			accepted = append(accepted, name)
		}
	}
	if diff := cmp.Diff(beyondSchema(), accepted); diff != "" {
		t.Errorf("the schema accepts other broken models than are listed (-want +got):\n%s", diff)
	}
}

// What Parse accepts is never marked as wrong in an editor, but for a text that YAML reads as true or false.
func TestSchema_isNotStricterThanParse(t *testing.T) {
	schema := compiledSchema(t)
	accepted, refused := 0, 0
	for _, file := range []string{"reference.yaml", "reference_bounds.yaml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var document yaml.Node
		if err := yaml.Load(text, &document); err != nil {
			t.Fatal(err)
		}
		change(t, &document, func(what string) {
			if !scoring.Accepts(document.Content[0]) {
				refused++
				return
			}
			if accepted++; accepted%20 == 0 { // what the nodes say is what the file says
				changed, err := yaml.Dump(copied(&document)) // Dump writes into the nodes
				if err != nil {
					t.Fatal(err)
				}
				if _, err := scoring.Parse(file, changed); err != nil {
					t.Errorf("%s with %s is a model, but not when it is written down: %v", file, what, err)
				}
			}
			var value any
			if err := document.Decode(&value); err != nil {
				t.Fatal(err)
			}
			value = jsonValue(value)
			if err := schema.Validate(value); err != nil {
				t.Errorf("%s with %s is a model, but not by the schema: %v", file, what, err)
			}
		})
	}
	if accepted < 100 || refused < 500 {
		t.Errorf("only %d changed models are accepted and %d refused", accepted, refused)
	}
}

// copied is a tree of its own.
func copied(node *yaml.Node) *yaml.Node {
	other := *node
	other.Content = make([]*yaml.Node, len(node.Content))
	for i, child := range node.Content {
		other.Content[i] = copied(child)
	}
	return &other
}

// change makes one change after the other to a tree, and takes each back.
func change(t *testing.T, node *yaml.Node, try func(what string)) {
	t.Helper()
	content := node.Content
	step := 1
	if node.Kind == yaml.MappingNode {
		step = 2
	}
	for i := 0; i+step-1 < len(content) && node.Kind != yaml.DocumentNode; i += step {
		node.Content = slices.Concat(content[:i], content[i+step:])
		try(fmt.Sprintf("line %d without %q", content[i].Line, content[i].Value))
		node.Content = content
	}
	for i, child := range content {
		if node.Kind != yaml.MappingNode || i%2 == 1 {
			change(t, child, try)
		}
	}
	if node.Kind != yaml.ScalarNode {
		return
	}
	before := *node
	for _, other := range []yaml.Node{
		{Kind: yaml.ScalarNode, Tag: "!!str", Value: "text"},
		{Kind: yaml.ScalarNode, Tag: "!!str", Value: "2d"},
		{Kind: yaml.ScalarNode, Tag: "!!str", Value: "+05w"},
		{Kind: yaml.ScalarNode, Tag: "!!str", Value: " "},
		{Kind: yaml.ScalarNode, Tag: "!!int", Value: "7"},
		{Kind: yaml.ScalarNode, Tag: "!!int", Value: "2000"},
		{Kind: yaml.ScalarNode, Tag: "!!float", Value: "-2.5"},
		{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"},
		{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"},
		{Kind: yaml.SequenceNode, Tag: "!!seq"},
		{Kind: yaml.MappingNode, Tag: "!!map"},
	} {
		if other.Tag == "!!bool" && before.Tag != "!!bool" && before.Tag != "!!int" {
			continue
		}
		*node = other
		node.Line, node.Column = before.Line, before.Column
		try(fmt.Sprintf("line %d %q as %s %q", before.Line, before.Value, other.Tag, other.Value))
	}
	*node = before
}

// propertiesOf walks all properties of a schema.
func propertiesOf(at string, value any, visit func(at, name string, property map[string]any)) {
	switch v := value.(type) {
	case map[string]any:
		for key, child := range v {
			if key == "examples" {
				continue
			}
			if properties, ok := child.(map[string]any); ok && key == "properties" {
				for name, property := range properties {
					visit(at+"/"+key, name, property.(map[string]any))
					propertiesOf(at+"/"+key+"/"+name, property, visit)
				}
				continue // a key of the model can be called properties too
			}
			propertiesOf(at+"/"+key, child, visit)
		}
	case []any:
		for _, child := range v {
			propertiesOf(at, child, visit)
		}
	}
}

func TestSchema_explainsEveryKeyOfTheParser(t *testing.T) {
	text, err := schemaOnce()
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	propertiesOf("", document, func(at, name string, property map[string]any) {
		names[name] = true
		if name == "en" || name == "de" {
			return
		}
		for _, key := range []string{"title", "description", "examples"} {
			if property[key] == nil {
				t.Errorf("%s/%s has no %s: write it above an example of the key in reference.yaml", at, name, key)
			}
		}
		if property["type"] == nil && property["enum"] == nil && property["anyOf"] == nil && property["$ref"] == nil {
			t.Errorf("nothing is known about the value of %s/%s: give an example of the key in reference.yaml", at, name)
		}
	})
	known := keysOfParser(t)
	if len(known) < 40 {
		t.Fatalf("the parser's source names %d keys only", len(known))
	}
	for _, name := range known {
		if !names[name] {
			t.Errorf("the parser knows the key %s, the schema does not: reference.yaml has no mapping with it", name)
		}
	}
}

// keysOfParser are the keys that the source of the parser names in its calls of fields and in topics.
func keysOfParser(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("parse*.go")
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	literals := func(nodes []ast.Expr) {
		for _, node := range nodes {
			if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				key, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				keys = append(keys, key)
			}
		}
	}
	for _, file := range files {
		source, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(source, func(n ast.Node) bool {
			switch v := n.(type) {
			case *ast.FuncDecl:
				if v.Name.Name == "topics" {
					literals(v.Body.List[0].(*ast.ReturnStmt).Results[0].(*ast.CompositeLit).Elts)
				}
			case *ast.CallExpr:
				if called, ok := v.Fun.(*ast.SelectorExpr); ok && called.Sel.Name == "fields" {
					literals(v.Args)
				}
			}
			return true
		})
	}
	return keys
}
