package hubspot

import (
	"net/url"
	"strings"
)

// APIVersion is the version segment of every path (hubspot-api 1.1); nothing else in the program names it.
const APIVersion = "2026-09"

// endpoint is a method and a path template; it carries no id, so it serves as metric label and log field.
type endpoint string

const (
	epAccount        endpoint = "GET /account-info/{v}/details"
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
)

// Endpoints lists every method and path template that the client can send, in a fixed order. Call.Endpoint
// is always one of them.
func Endpoints() []string {
	all := []endpoint{
		epAccount, epList, epGet, epSearch, epBatchRead, epBatchCreate, epBatchUpdate, epBatchArchive,
		epLinksRead, epLinksAssert, epOwners, epProperties, epProperty, epPropertyCreate, epGroupCreate,
		epPipelines,
	}
	names := make([]string, len(all))
	for i, e := range all {
		names[i] = string(e)
	}
	return names
}

func (e endpoint) method() string {
	method, _, _ := strings.Cut(string(e), " ")
	return method
}

// path fills the template: the version first, then the arguments in the order of the placeholders.
func (e endpoint) path(args ...string) string {
	_, template, _ := strings.Cut(string(e), " ")
	segments := strings.Split(template, "/")
	for i, s := range segments {
		switch {
		case s == "{v}":
			segments[i] = APIVersion
		case strings.HasPrefix(s, "{") && len(args) > 0:
			segments[i], args = url.PathEscape(args[0]), args[1:]
		}
	}
	return strings.Join(segments, "/")
}

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
