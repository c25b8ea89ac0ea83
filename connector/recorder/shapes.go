package recorder

import (
	"regexp"
	"slices"
	"strings"
)

// shape is what the client reads of one kind of answer: a path in the JSON, the types that it can read there,
// and whether an answer without it is one that it misunderstands. "[]" goes into every item, "*" into every
// member.
type shape struct {
	path     string
	types    []string
	required bool
}

// shapesOf reads lines of "path! type|type"; the exclamation mark is for required.
func shapesOf(lines ...string) []shape {
	var out []shape
	for _, group := range lines {
		for line := range strings.SplitSeq(group, "\n") {
			path, types, found := strings.Cut(strings.TrimSpace(line), " ")
			if !found {
				continue
			}
			name, required := strings.CutSuffix(path, "!")
			out = append(out, shape{path: name, types: strings.Split(types, "|"), required: required})
		}
	}
	return out
}

// Shapes that several endpoints share. What the client reads leniently (a string that may come as a number, see
// hubspot-api 5.1 and 9.2) has several types.
const (
	shapeRecord = `id! string|number
		properties! object
		properties.* string|number|boolean|null
		createdAt! string
		updatedAt! string
		archived! boolean
		objectWriteTraceId string|null
		propertiesWithHistory object|null
		propertiesWithHistory.* array
		propertiesWithHistory.*[].value! string|number|boolean|null
		propertiesWithHistory.*[].timestamp! string|number
		propertiesWithHistory.*[].sourceType string|null
		propertiesWithHistory.*[].sourceId string|number|null`
	shapeRecords = `results! array
		results[].id! string|number
		results[].properties! object
		results[].properties.* string|number|boolean|null
		results[].createdAt! string
		results[].updatedAt! string
		results[].archived! boolean
		results[].objectWriteTraceId string|null
		results[].propertiesWithHistory object|null
		results[].propertiesWithHistory.* array
		results[].propertiesWithHistory.*[].value! string|number|boolean|null
		results[].propertiesWithHistory.*[].timestamp! string|number
		results[].propertiesWithHistory.*[].sourceType string|null
		results[].propertiesWithHistory.*[].sourceId string|number|null`
	shapePaging = `paging object|null
		paging.next object|null
		paging.next.after! string|number`
	shapeBatch = `status string
		numErrors number
		errors array
		errors[].status string
		errors[].category string
		errors[].message string
		errors[].subCategory string|object|null
		errors[].context object
		errors[].context.* array|string
		errors[].errors array`
	shapeDefinition = `name! string
		label! string
		type! string
		hasUniqueValue boolean
		calculated boolean
		archived boolean
		options! array|null
		options[].value! string|number
		options[].label! string
		options[].displayOrder number
		options[].hidden boolean
		modificationMetadata object
		modificationMetadata.readOnlyValue! boolean`
	shapeList = `listId! string|number
		name! string
		objectTypeId! string
		processingType! string`
	shapeOccurrence = `id! string|number
		eventType! string
		occurredAt! string|number
		properties object|null
		properties.hs_url string|null`
	shapeListedFlow = `id! string|number
		name string|null
		isEnabled boolean|null
		objectTypeId string|null`
	shapeFlow = `id! string|number
		name string|null
		objectTypeId string|null
		enrollmentCriteria object|null
		enrollmentCriteria.type! string
		actions array|null
		actions[].type string`
	shapeSubmission = `conversionId string|number|null
		submittedAt! number|string
		pageUrl string|null
		values! array
		values[].name! string
		values[].value string|number|boolean|null`
	shapeMembers = `recordIdsAdded array
		recordsIdsAdded array
		recordIdsRemoved array
		recordsIdsRemoved array
		recordIdsMissing array
		recordsIdsMissing array`
)

// shapes is the table of what the client reads from every endpoint, by its template (hubspot.Endpoints). It is
// written down a second time on purpose: what the client reads and what it was meant to read can be compared.
func shapes() map[string][]shape {
	records := shapesOf(shapeRecords, shapePaging, shapeBatch)
	return map[string][]shape{
		"GET /account-info/{v}/details": shapesOf(`portalId! number|string
			timeZone! string
			companyCurrency! string
			uiDomain! string`),
		"GET /account-info/{v}/api-usage/daily/private-apps": shapesOf(`results! array
			results[].name string|null
			results[].usageLimit! number|string
			results[].currentUsage! number|string
			results[].collectedAt string|number|null
			results[].fetchStatus! string
			results[].resetsAt string|number|null`),
		"GET /crm/objects/{v}/{type}":                                    records,
		"GET /crm/objects/{v}/{type}/{id}":                               shapesOf(shapeRecord),
		"POST /crm/objects/{v}/{type}/search":                            append(shapesOf("total! number"), records...),
		"POST /crm/objects/{v}/{type}/batch/read":                        records,
		"POST /crm/objects/{v}/{type}/batch/create":                      records,
		"POST /crm/objects/{v}/{type}/batch/update":                      records,
		"POST /crm/objects/{v}/{type}/batch/archive":                     {},
		"POST /crm/associations/{v}/{from}/{to}/batch/read":              associationShapes(),
		"POST /crm/associations/{v}/{from}/{to}/batch/associate/default": assertShapes(),
		"GET /crm/owners/{v}":                                            ownerShapes(),
		"GET /crm/properties/{v}/{type}":                                 shapesOf("results! array", prefixed("results[].", shapeDefinition)),
		"GET /crm/properties/{v}/{type}/{name}":                          shapesOf(shapeDefinition),
		"POST /crm/properties/{v}/{type}":                                {},
		"POST /crm/properties/{v}/{type}/groups":                         {},
		"GET /crm/pipelines/{v}/deals":                                   pipelineShapes(),
		"POST /crm/lists/{v}":                                            shapesOf("list! object", prefixed("list.", shapeList)),
		"POST /crm/lists/{v}/search":                                     shapesOf("lists! array\noffset! number\nhasMore! boolean", prefixed("lists[].", shapeList)),
		"GET /crm/lists/{v}/{list}":                                      shapesOf("list! object", prefixed("list.", shapeList)),
		"GET /crm/lists/{v}/object-type-id/0-1/name/{name}":              shapesOf("list! object", prefixed("list.", shapeList)),
		"GET /crm/lists/{v}/{list}/memberships":                          shapesOf("results! array\nresults[].recordId! string|number", shapePaging),
		"PUT /crm/lists/{v}/{list}/memberships/add":                      shapesOf(shapeMembers),
		"PUT /crm/lists/{v}/{list}/memberships/remove":                   shapesOf(shapeMembers),
		"GET /events/event-occurrences/{v}":                              shapesOf("results! array", prefixed("results[].", shapeOccurrence), shapePaging),
		"GET /automation/{v}/flows":                                      shapesOf("results! array", prefixed("results[].", shapeListedFlow), shapePaging),
		"GET /automation/{v}/flows/{id}":                                 shapesOf(shapeFlow),
		"POST /automation/{v}/flows/batch/read":                          shapesOf("results! array", prefixed("results[].", shapeFlow)),
		"GET /marketing/v3/forms":                                        shapesOf("results! array\nresults[].id! string|number\nresults[].name! string\nresults[].archived boolean", shapePaging),
		"GET /form-integrations/v1/submissions/forms/{form}":             shapesOf("results! array", prefixed("results[].", shapeSubmission), shapePaging),
		"GET /calling/v1/dispositions":                                   shapesOf("[].id! string|number\n[].label! string\n[].deleted boolean"),
	}
}

func associationShapes() []shape {
	return shapesOf(`results! array
		results[].from! object
		results[].from.id! string|number
		results[].to! array
		results[].to[].toObjectId! number|string`, prefixed("results[].", shapePaging), shapeBatch)
}

func assertShapes() []shape {
	return shapesOf(`results! array
		results[].from! object
		results[].from.id! string|number
		results[].to! object
		results[].to.id! string|number`, shapeBatch)
}

func ownerShapes() []shape {
	return shapesOf(`results! array
		results[].id! string|number
		results[].email! string|null
		results[].firstName string|null
		results[].lastName string|null
		results[].type! string
		results[].archived! boolean`, shapePaging)
}

func pipelineShapes() []shape {
	return shapesOf(`results! array
		results[].id! string|number
		results[].label! string
		results[].displayOrder! number
		results[].archived boolean
		results[].stages! array
		results[].stages[].id! string|number
		results[].stages[].label! string
		results[].stages[].displayOrder! number
		results[].stages[].archived boolean
		results[].stages[].metadata! object
		results[].stages[].metadata.* string|number|boolean|null`)
}

// errorShapes are for every refusal with a JSON body: any field may be missing (hubspot-api 11.1).
func errorShapes() []shape {
	return shapesOf(`message string
		status string
		category string
		subCategory string|object|null
		errorType string
		policyName string
		correlationId string
		context object
		context.* array|string
		errors array
		errors[].message string
		errors[].code string|null
		errors[].context object
		errors[].context.* array|string`)
}

// knownCategories are the words of `category` and `errorType` that the client has a rule for
// (hubspot-api 4, 9.2, 11).
func knownCategories() []string {
	return []string{
		"VALIDATION_ERROR", "INVALID_AUTHENTICATION", "EXPIRED_AUTHENTICATION", "MISSING_SCOPES", "OBJECT_NOT_FOUND", "CONFLICT",
		"OBJECT_ALREADY_EXISTS", "RATE_LIMIT", "RATE_LIMITS", "INTERNAL_ERROR", "FORBIDDEN", "INVALID_PARAMS", "BANNED",
	}
}

func prefixed(prefix, lines string) string {
	var out []string
	for line := range strings.SplitSeq(lines, "\n") {
		out = append(out, prefix+strings.TrimSpace(line))
	}
	return strings.Join(out, "\n")
}

// Shaped lists the endpoints that the drift check knows, sorted.
func Shaped() []string {
	var names []string
	for name := range shapes() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

var placeholder = regexp.MustCompile(`\\\{[a-z]+\\\}`)

// EndpointOf finds the template among those given that a request belongs to; the one with the fewest
// placeholders wins, since "/{name}" also fits "/groups". It is empty if none fits.
func EndpointOf(method, path string, templates []string) string {
	best, fewest := "", 100
	for _, t := range templates {
		form := strings.Replace(regexp.QuoteMeta(t), `\{v\}`, `(\d{4}-\d{2}(-beta)?|v\d)`, 1)
		fits, err := regexp.MatchString("^"+placeholder.ReplaceAllString(form, `[^/]+`)+"$", method+" "+path)
		if n := strings.Count(t, "{"); err == nil && fits && n < fewest {
			best, fewest = t, n
		}
	}
	return best
}
