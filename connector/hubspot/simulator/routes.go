package simulator

import (
	"net/http"
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

func (rt route) scopeFor(t *table) string {
	if (rt.scope == "read" || rt.scope == "write") && t != nil {
		return "crm.objects." + t.scope + "." + rt.scope
	}
	if strings.HasPrefix(rt.scope, "schema.") && t != nil {
		return "crm.schemas." + t.scope + "." + strings.TrimPrefix(rt.scope, "schema.")
	}
	return rt.scope
}

// routes is every endpoint of the simulated API (hubspot-api 1.3).
func routes() []route {
	const objects, assoc, props = "/crm/objects/{v}/{type}", "/crm/associations/{v}/{from}/{to}", "/crm/properties/{v}/{type}"
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
		{"PUT", "/crm/objects/{v}/{type}/{id}/associations/default/{toType}/{toId}", g, "write", (*call).linkDefault},
		{"PUT", objects + "/{id}/associations/{toType}/{toId}", g, "write", (*call).linkTyped},
		{"DELETE", objects + "/{id}/associations/{toType}/{toId}", g, "write", (*call).unlink},
		{"POST", assoc + "/batch/read", as, "", (*call).linksRead},
		{"POST", assoc + "/batch/create", as, "", (*call).linksCreate},
		{"POST", assoc + "/batch/associate/default", as, "", (*call).linksCreate},
		{"GET", assoc + "/labels", g, "", (*call).linkLabels},
		{"GET", "/crm/owners/{v}", g, "crm.objects.owners.read", (*call).ownerList},
		{"GET", "/crm/owners/{v}/{id}", g, "crm.objects.owners.read", (*call).ownerOne},
		{"GET", props, g, "schema.read", (*call).propertyList},
		{"POST", props, g, "schema.write", (*call).propertyCreate},
		{"GET", props + "/{name}", g, "schema.read", (*call).propertyOne},
		{"PATCH", props + "/{name}", g, "schema.write", (*call).propertyPatch},
		{"DELETE", props + "/{name}", g, "schema.write", (*call).propertyArchive},
		{"POST", props + "/batch/read", g, "schema.read", (*call).propertyBatchRead},
		{"GET", props + "/groups", g, "schema.read", (*call).groupList},
		{"POST", props + "/groups", g, "schema.write", (*call).groupCreate},
		{"GET", props + "/groups/{name}", g, "schema.read", (*call).groupOne},
		{"GET", "/crm/pipelines/{v}/{type}", g, "schema.read", (*call).pipelineList},
		{"GET", "/crm/pipelines/{v}/{type}/{id}", g, "schema.read", (*call).pipelineOne},
		{"GET", "/account-info/{v}/details", g, "oauth", (*call).accountDetails},
		{"GET", "/account-info/{v}/api-usage/daily/private-apps", g, "oauth", (*call).accountUsage},
		{"GET", "/calling/v1/dispositions", g, "", (*call).dispositions},
	}
}
