package hubspot

import (
	"net/url"
	"slices"
	"strings"
)

// APIVersion is the version segment of every path (hubspot-api 1.1) but those of families that firstVersion
// names; Config.Versions overrides it per family.
const APIVersion = "2026-09"

// endpoint is a method and a path template; it carries no id, so it serves as metric label and log field.
type endpoint string

const (
	epAccount        endpoint = "GET /account-info/{v}/details"
	epUsage          endpoint = "GET /account-info/{v}/api-usage/daily/private-apps"
	epList           endpoint = "GET /crm/objects/{v}/{type}"
	epGet            endpoint = "GET /crm/objects/{v}/{type}/{id}"
	epSearch         endpoint = "POST /crm/objects/{v}/{type}/search"
	epBatchRead      endpoint = "POST /crm/objects/{v}/{type}/batch/read"
	epBatchCreate    endpoint = "POST /crm/objects/{v}/{type}/batch/create"
	epBatchUpdate    endpoint = "POST /crm/objects/{v}/{type}/batch/update"
	epBatchArchive   endpoint = "POST /crm/objects/{v}/{type}/batch/archive"
	epLinksRead      endpoint = "POST /crm/associations/{v}/{from}/{to}/batch/read"
	epLinksAssert    endpoint = "POST /crm/associations/{v}/{from}/{to}/batch/associate/default"
	epOwners         endpoint = "GET /crm/owners/{v}"
	epProperties     endpoint = "GET /crm/properties/{v}/{type}"
	epProperty       endpoint = "GET /crm/properties/{v}/{type}/{name}"
	epPropertyCreate endpoint = "POST /crm/properties/{v}/{type}"
	epGroupCreate    endpoint = "POST /crm/properties/{v}/{type}/groups"
	epPipelines      endpoint = "GET /crm/pipelines/{v}/deals"
	epListCreate     endpoint = "POST /crm/lists/{v}"
	epListSearch     endpoint = "POST /crm/lists/{v}/search"
	epListGet        endpoint = "GET /crm/lists/{v}/{list}"
	epListByName     endpoint = "GET /crm/lists/{v}/object-type-id/0-1/name/{name}"
	epListMembers    endpoint = "GET /crm/lists/{v}/{list}/memberships"
	epListAdd        endpoint = "PUT /crm/lists/{v}/{list}/memberships/add"
	epListRemove     endpoint = "PUT /crm/lists/{v}/{list}/memberships/remove"
	epOccurrences    endpoint = "GET /events/event-occurrences/{v}"
	epFlows          endpoint = "GET /automation/{v}/flows"
	epFlow           endpoint = "GET /automation/{v}/flows/{id}"
	epFlowsRead      endpoint = "POST /automation/{v}/flows/batch/read"

	// No dated version of these exists (hubspot-api 1.3): they may end in September 2027, so everything that
	// needs them is optional.
	epForms        endpoint = "GET /marketing/v3/forms"
	epSubmissions  endpoint = "GET /form-integrations/v1/submissions/forms/{form}"
	epDispositions endpoint = "GET /calling/v1/dispositions"
)

func endpoints() []endpoint {
	return []endpoint{
		epAccount, epUsage, epList, epGet, epSearch, epBatchRead, epBatchCreate, epBatchUpdate, epBatchArchive,
		epLinksRead, epLinksAssert, epOwners, epProperties, epProperty, epPropertyCreate, epGroupCreate,
		epPipelines, epListCreate, epListSearch, epListGet, epListByName, epListMembers, epListAdd, epListRemove,
		epOccurrences, epFlows, epFlow, epFlowsRead, epForms, epSubmissions, epDispositions,
	}
}

// Endpoints lists every method and path template that the client can send, in a fixed order. Call.Endpoint
// is always one of them.
func Endpoints() []string {
	all := endpoints()
	names := make([]string, len(all))
	for i, e := range all {
		names[i] = string(e)
	}
	return names
}

// Families lists the names that Config.Versions takes, sorted: the part of a path before its version.
func Families() []string {
	names := []string{"oauth"} // spoken by the token source, under the same setting
	for _, e := range endpoints() {
		if family := e.family(); family != "" {
			names = append(names, family)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// firstVersion is the version of a family that nobody overrode.
func firstVersion(family string) string {
	if family == "automation" {
		return "v4" // the only one that is not a beta of the moment
	}
	return APIVersion
}

func (e endpoint) method() string {
	method, _, _ := strings.Cut(string(e), " ")
	return method
}

// family is "objects" of "/crm/objects/{v}/..."; empty for paths without a version of their own.
func (e endpoint) family() string {
	before, _, ok := strings.Cut(string(e), "/{v}")
	if !ok {
		return ""
	}
	segments := strings.Split(before, "/")
	if segments[1] == "crm" {
		return segments[2]
	}
	return segments[1]
}

// path fills the template: the version of the family first, then the arguments in the order of the
// placeholders.
func (e endpoint) path(versions map[string]string, args ...string) string {
	_, template, _ := strings.Cut(string(e), " ")
	segments := strings.Split(template, "/")
	for i, s := range segments {
		switch {
		case s == "{v}":
			segments[i] = orString(versions[e.family()], firstVersion(e.family()))
		case strings.HasPrefix(s, "{") && len(args) > 0:
			segments[i], args = url.PathEscape(args[0]), args[1:]
		}
	}
	return strings.Join(segments, "/")
}

// batch says whether the answer is about several inputs, each with its own outcome.
func (e endpoint) batch() bool { return strings.Contains(string(e), "/batch/") }

// bucket names the budget that HubSpot charges for the endpoint (hubspot-api 4.1).
func (e endpoint) bucket() string {
	if e == epSearch {
		return BucketSearch
	}
	if e == epLinksRead || e == epLinksAssert {
		return BucketAssociations
	}
	return BucketGeneral
}
