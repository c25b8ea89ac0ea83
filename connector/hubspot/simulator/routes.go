package simulator

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// route is one endpoint: where, which budget, which scope, what it does.
type route struct {
	method, pattern, bucket string
	scope                   string // "read", "write": of the object type; else the scope itself
	do                      func(*call) answer
}

// endpoint is the template that Calls counts by: types stay, ids do not.
func (rt route) endpoint(r *http.Request) string {
	s := rt.pattern
	for _, v := range []string{"type", "from", "to", "toType"} {
		if name := r.PathValue(v); name != "" {
			s = strings.ReplaceAll(s, "{"+v+"}", canonicalType(name))
		}
	}
	return rt.method + " " + s
}

// scopesFor is what a call needs to have been granted: links need the scope of both ends.
func (rt route) scopesFor(c *call) []string {
	var kind string
	switch rt.scope {
	case "read", "write":
		kind = "crm.objects.%s." + rt.scope
	case "schema.read", "schema.write":
		kind = "crm.schemas.%s." + strings.TrimPrefix(rt.scope, "schema.")
	default:
		return []string{rt.scope}
	}
	var out []string
	for _, v := range []string{"type", "from", "to", "toType"} {
		if t, ok := c.a.tables[canonicalType(c.r.PathValue(v))]; ok {
			out = append(out, fmt.Sprintf(kind, t.scope))
		}
	}
	return out
}

// routes is every endpoint of the simulated API: dated, older and unversioned.
func routes() []route {
	dated := slices.Concat(objectRoutes(), schemaRoutes(), listRoutes(), accountRoutes())
	return slices.Concat(dated, older(dated), undated())
}

// objectRoutes are records and what joins them (hubspot-api 1.3).
func objectRoutes() []route {
	const objects, assoc = "/crm/objects/{v}/{type}", "/crm/associations/{v}/{from}/{to}"
	g, s, as := bucketGeneral, bucketSearch, bucketAssociations
	return []route{
		{"GET", objects, g, "read", (*call).list},
		{"POST", objects, g, "write", (*call).createOne},
		{"GET", objects + "/{id}", g, "read", (*call).getOne},
		{"PATCH", objects + "/{id}", g, "write", (*call).patchOne},
		{"DELETE", objects + "/{id}", g, "write", (*call).deleteOne},
		{"POST", objects + "/search", s, "read", (*call).search},
		{"POST", objects + "/batch/read", g, "read", (*call).batchRead},
		{"POST", objects + "/batch/create", g, "write", (*call).batchCreate},
		{"POST", objects + "/batch/update", g, "write", (*call).batchUpdate},
		{"POST", objects + "/batch/upsert", g, "write", (*call).batchUpsert},
		{"POST", objects + "/batch/archive", g, "write", (*call).batchArchive},
		{"POST", objects + "/merge", g, "write", (*call).mergeTwo},
		{"POST", objects + "/gdpr-delete", g, "write", (*call).privacyDelete},
		{"PUT", objects + "/{id}/associations/default/{toType}/{toId}", g, "write", (*call).linkDefault},
		{"GET", objects + "/{id}/associations/{toType}", g, "read", (*call).linkList},
		{"PUT", objects + "/{id}/associations/{toType}/{toId}", g, "write", (*call).linkTyped},
		{"DELETE", objects + "/{id}/associations/{toType}/{toId}", g, "write", (*call).unlink},
		{"POST", assoc + "/batch/read", as, "read", (*call).linksRead},
		{"POST", assoc + "/batch/create", as, "write", (*call).linksCreate},
		{"POST", assoc + "/batch/associate/default", as, "write", (*call).linksDefault},
		{"POST", assoc + "/batch/archive", as, "write", (*call).linksArchive},
		{"POST", assoc + "/batch/labels/archive", as, "write", (*call).linksArchiveTyped},
		{"GET", assoc + "/labels", g, "read", (*call).linkLabels},
	}
}

// schemaRoutes are definitions: properties, groups, pipelines.
func schemaRoutes() []route {
	const props, pipes = "/crm/properties/{v}/{type}", "/crm/pipelines/{v}/{type}"
	g := bucketGeneral
	return []route{
		{"GET", props, g, "schema.read", (*call).propertyList},
		{"POST", props, g, "schema.write", (*call).propertyCreate},
		{"GET", props + "/{name}", g, "schema.read", (*call).propertyOne},
		{"PATCH", props + "/{name}", g, "schema.write", (*call).propertyPatch},
		{"DELETE", props + "/{name}", g, "schema.write", (*call).propertyArchive},
		{"POST", props + "/batch/read", g, "schema.read", (*call).propertyBatchRead},
		{"POST", props + "/batch/create", g, "schema.write", (*call).propertyBatchCreate},
		{"POST", props + "/batch/archive", g, "schema.write", (*call).propertyBatchArchive},
		{"GET", props + "/groups", g, "schema.read", (*call).groupList},
		{"POST", props + "/groups", g, "schema.write", (*call).groupCreate},
		{"GET", props + "/groups/{name}", g, "schema.read", (*call).groupOne},
		{"PATCH", props + "/groups/{name}", g, "schema.write", (*call).groupPatch},
		{"DELETE", props + "/groups/{name}", g, "schema.write", (*call).groupArchive},
		{"GET", pipes, g, "schema.read", (*call).pipelineList},
		{"GET", pipes + "/{id}", g, "schema.read", (*call).pipelineOne},
		{"GET", pipes + "/{id}/stages", g, "schema.read", (*call).stageList},
	}
}

// listRoutes are lists, which the account's pages call segments (hubspot-api 10).
func listRoutes() []route {
	const lists, read, write = "/crm/lists/{v}", "crm.lists.read", "crm.lists.write"
	g := bucketGeneral
	return []route{
		{"GET", lists, g, read, (*call).listsByID},
		{"POST", lists, g, write, (*call).listCreate},
		{"POST", lists + "/search", g, read, (*call).listSearch},
		{"GET", lists + "/object-type-id/{type}/name/{name}", g, read, (*call).listByName},
		{"GET", lists + "/{id}", g, read, (*call).listOne},
		{"DELETE", lists + "/{id}", g, write, (*call).listDelete},
		{"PUT", lists + "/{id}/update-list-name", g, write, (*call).listRename},
		{"GET", lists + "/{id}/memberships", g, read, (*call).memberList},
		{"PUT", lists + "/{id}/memberships/add", g, write, (*call).memberAdd},
		{"PUT", lists + "/{id}/memberships/remove", g, write, (*call).memberRemove},
		{"PUT", lists + "/{id}/memberships/add-and-remove", g, write, (*call).memberChange},
	}
}

// accountRoutes are the account itself: owners, limits, events, the app's install.
func accountRoutes() []route {
	const owners, events, limits = "/crm/owners/{v}", "/events/event-occurrences/{v}", "/crm/limits/{v}"
	g := bucketGeneral
	return []route{
		{"GET", owners, g, "crm.objects.owners.read", (*call).ownerList},
		{"GET", owners + "/{id}", g, "crm.objects.owners.read", (*call).ownerOne},
		{"GET", "/crm/objects/{v}/users", g, "crm.objects.users.read", (*call).userList},
		{"GET", events, g, "", (*call).occurrenceList},
		{"GET", events + "/event-types", g, "", (*call).occurrenceTypes},
		{"GET", limits + "/records", g, "crm.objects.contacts.read", (*call).recordLimits},
		{"GET", limits + "/custom-properties", g, "crm.objects.contacts.read", (*call).propertyLimits},
		{"GET", "/account-info/{v}/details", g, "oauth", (*call).accountDetails},
		{"GET", "/account-info/{v}/api-usage/daily/private-apps", g, "oauth", (*call).accountUsage},
		{"DELETE", "/appinstalls/{v}/external-install", g, "", (*call).uninstall},
	}
}

// undated are the endpoints that have no dated version (hubspot-api 1.3, 9.4).
func undated() []route {
	const forms, flows = "/marketing/v3/forms", "/automation/v4/flows"
	g := bucketGeneral
	return []route{
		{"GET", forms, g, "forms", (*call).formList},
		{"GET", forms + "/{$}", g, "forms", (*call).formList},
		{"GET", forms + "/{id}", g, "forms", (*call).formOne},
		{"GET", "/form-integrations/v1/submissions/forms/{id}", g, "forms", (*call).submissionList},
		{"GET", flows, g, "automation", (*call).flowList},
		{"GET", flows + "/{id}", g, "automation", (*call).flowOne},
		{"GET", "/calling/v1/dispositions", g, "", (*call).dispositions},
	}
}
