package simulator_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// answers says what a good answer of each endpoint is by HubSpot's published descriptions.
func answers() [][3]string {
	const objects, assoc, one = `/crm/v3/objects/[a-z]+`, `/crm/v4/associations/[a-z]+/[a-z]+`, `(/[^/?]+)(\?.*)?$`
	return [][3]string{
		{"POST", objects + "/search$", "CollectionResponseWithTotalSimplePublicObject"},
		{"POST", objects + "/batch/(read|create|update)$", "BatchResponseSimplePublicObjectWithErrors"},
		{"(POST|PATCH)", objects + "(" + one + "|$)", "SimplePublicObject"},
		{"GET", objects + one, "SimplePublicObjectWithAssociations"},
		{"GET", objects + `\?`, "CollectionResponseSimplePublicObjectWithAssociationsForwardPaging"},
		{"POST", assoc + "/batch/read$", "BatchResponsePublicAssociationMultiWithLabelWithErrors"},
		{"POST", assoc + "/batch/associate/default$", "BatchResponsePublicDefaultAssociation"},
		{"PUT", "/crm/v4/objects/.*/associations/default/", "BatchResponsePublicDefaultAssociation"},
		{"POST", "/crm/v3/lists$", "ListCreateResponse"},
		{"POST", "/crm/v3/lists/search$", "ListSearchResponse"},
		{"GET", `/crm/v3/lists/\d+$`, "ListFetchResponse"},
		{"GET", "/crm/v3/lists/object-type-id/", "ListFetchResponse"},
		{"GET", `/crm/v3/lists/\d+/memberships`, "ApiCollectionResponseJoinTimeAndRecordId"},
		{"PUT", `/crm/v3/lists/\d+/memberships/`, "MembershipsUpdateResponse"},
		{"POST", "/crm/v3/properties/[a-z]+/groups$", "PropertyGroup"},
		{"(POST|PATCH)", "/crm/v3/properties/[a-z]+(/[a-z_]+)?$", "Property"},
		{"GET", "/crm/v3/properties/[a-z]+$", "CollectionResponsePropertyNoPaging"},
		{"GET", "/crm/v3/pipelines/deals$", "CollectionResponsePipelineNoPaging"},
		{"GET", "/crm/v3/owners$", "CollectionResponsePublicOwnerForwardPaging"},
		{"GET", `/crm/v3/owners/\d+$`, "PublicOwner"},
	}
}

type object = map[string]any

// published holds the descriptions, changed where hubspot-api.md says that the live API does otherwise.
func published(t *testing.T) func(name string) *jsonschema.Schema {
	t.Helper()
	text, err := os.Open(filepath.Join("..", "..", "..", "fixtures", "hubspot", "contract", "schemas.json"))
	must(t, err)
	defer text.Close()
	doc, err := jsonschema.UnmarshalJSON(text)
	must(t, err)
	defs := doc.(object)["$defs"].(object)
	props := func(name string) object { return defs[name].(object)["properties"].(object) }
	for _, name := range []string{"SimplePublicObject", "SimplePublicObjectWithAssociations"} {
		props(name)["properties"].(object)["additionalProperties"] = object{"type": []any{"string", "null"}} // 5.1
		props(name)["objectWriteTraceId"] = object{"type": "string"}
	}
	props("MultiAssociatedObjectWithLabel")["toObjectId"] = object{"type": []any{"integer", "string"}} // 9.2
	props("AssociationSpecWithLabel")["label"] = object{"type": []any{"string", "null"}}
	props("PublicOwner")["userId"] = object{"type": []any{"integer", "null"}} // 10
	props("Property")["dataSensitivity"] = object{"type": "string"}
	for _, name := range []string{"StandardError", "Error"} { // 11.1: any field of an error may be missing
		props(name)["status"], props(name)["subCategory"] = object{"type": "string"}, object{"type": []any{"string", "object"}}
		defs[name].(object)["required"] = []any{"message"}
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	must(t, compiler.AddResource("published.json", doc))
	return func(name string) *jsonschema.Schema {
		s, err := compiler.Compile("published.json#/$defs/" + name)
		must(t, err)
		return s
	}
}

// answerChecker checks what the simulator answers against the published descriptions.
func answerChecker(t *testing.T) func(method, path string, got reply) {
	t.Helper()
	schema := published(t)
	return func(method, path string, got reply) {
		t.Helper()
		if !strings.HasPrefix(got.raw, "{") {
			return
		}
		name := "Error"
		if got.status < 300 {
			name = ""
			for _, a := range answers() {
				if regexp.MustCompile("^"+a[0]+"$").MatchString(method) && regexp.MustCompile("^"+a[1]).MatchString(path) {
					name = a[2]
					break
				}
			}
		}
		if name == "" {
			return
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(got.raw))
		must(t, err)
		if err := schema(name).Validate(v); err != nil {
			t.Errorf("%s %s is no %s: %v", method, path, name, err)
		}
	}
}
