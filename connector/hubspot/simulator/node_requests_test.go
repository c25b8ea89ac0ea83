package simulator_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// nodeRequest is one request exactly as HubSpot's official Node client 14.0.1
// sends it; {names} are ids that an earlier answer gave. save keeps ids of the
// answer: name:path, or name:property=value of one of its records. has are the
// members that the client reads from the answer.
type nodeRequest struct {
	method, path, body string
	status             int
	save, has          string
}

// nodeRequests was taken down from a run of testdata/node/client.js (make node-client).
func nodeRequests() []nodeRequest {
	const (
		record  = "id properties createdAt updatedAt archived"
		batch   = "status results startedAt completedAt"
		first   = " results.0.id results.0.properties results.0.createdAt results.0.updatedAt results.0.archived"
		found   = "total results" + first
		problem = "status message correlationId category"
		listed  = "list.listId list.listVersion list.name list.objectTypeId list.processingType list.processingStatus list.size list.createdAt list.updatedAt"
		changed = "recordsIdsAdded recordIdsRemoved recordIdsMissing"
		made    = " results.0.from results.0.to results.0.associationSpec"
		field   = "name label type fieldType groupName description options displayOrder calculated externalOptions hasUniqueValue hidden modificationMetadata formField"
		owner   = "id email type firstName lastName userId userIdIncludingInactive createdAt updatedAt archived"
	)
	return []nodeRequest{
		{"POST", `/crm/v3/objects/contacts`, `{"associations":[],"properties":{"email":"ada@example.com","firstname":"Ada","lastname":"Byron"}}`, 201, "contact1:id", record},
		{"GET", `/crm/v3/objects/contacts/{contact1}?properties=email&properties=phone&propertiesWithHistory=firstname&associations=companies&archived=false`, ``, 200, "", record + " propertiesWithHistory"},
		{"GET", `/crm/v3/objects/contacts/ada%40example.com?properties=email&archived=false&idProperty=email`, ``, 200, "", record},
		{"PATCH", `/crm/v3/objects/contacts/{contact1}`, `{"properties":{"phone":"+49 30 1234"}}`, 200, "", record},
		{"POST", `/crm/v3/objects/contacts/batch/create`, `{"inputs":[{"associations":[],"objectWriteTraceId":"c1","properties":{"email":"p1@example.org","firstname":"P"}},{"associations":[],"objectWriteTraceId":"c2","properties":{"email":"p2@example.org","firstname":"P"}},{"associations":[],"objectWriteTraceId":"c3","properties":{"email":"p3@example.org","firstname":"P"}}]}`, 201, "contact2:email=p1@example.org|contact3:email=p3@example.org|contact4:email=p2@example.org", batch + first},
		{"POST", `/crm/v3/objects/contacts/batch/read`, `{"propertiesWithHistory":[],"inputs":[{"id":"{contact2}"},{"id":"{contact4}"},{"id":"1"}],"properties":["email"]}`, 207, "", batch + first + " numErrors errors"},
		{"POST", `/crm/v3/objects/contacts/batch/update`, `{"inputs":[{"objectWriteTraceId":"{contact2}","id":"{contact2}","properties":{"lastname":"Changed"}},{"objectWriteTraceId":"{contact4}","id":"{contact4}","properties":{"lastname":"Changed"}},{"objectWriteTraceId":"{contact3}","id":"{contact3}","properties":{"lastname":"Changed"}}]}`, 200, "", batch + first},
		{"POST", `/crm/v3/objects/contacts/batch/upsert`, `{"inputs":[{"idProperty":"email","id":"p1@example.org","properties":{"lastname":"Again"}},{"idProperty":"email","id":"new@example.org","properties":{"lastname":"New"}}]}`, 200, "contact5:email=new@example.org", "completedAt results startedAt status results.0.archived results.0.createdAt results.0.id results.0.new results.0.properties results.0.updatedAt"},
		{"POST", `/crm/v3/objects/contacts/search`, `{"limit":10,"after":"0","sorts":[],"properties":["email"],"filterGroups":[{"filters":[{"propertyName":"email","value":"p2@example.org","operator":"EQ"}]}]}`, 200, "", found},
		{"POST", `/crm/v3/objects/contacts/search`, `{"query":"ada byr","limit":10,"after":"0","sorts":[],"properties":[],"filterGroups":[]}`, 200, "", found},
		{"GET", `/crm/v3/objects/contacts?limit=2&properties=email`, ``, 200, "after1:paging.next.after", "results paging.next.after" + first},
		{"GET", `/crm/v3/objects/contacts?limit=2&after={after1}&properties=email`, ``, 200, "", "results paging.next.after" + first},
		{"GET", `/crm/v3/objects/contacts?limit=100`, ``, 200, "", "results" + first},
		{"POST", `/crm/v3/objects/contacts`, `{"associations":[],"properties":{"email":"ada@example.com"}}`, 409, "", problem},
		{"POST", `/crm/v3/objects/contacts`, `{"associations":[],"properties":{"lifecyclestage":"nonsense"}}`, 400, "", problem},
		{"PATCH", `/crm/v3/objects/contacts/17`, `{"properties":{"phone":"1"}}`, 404, "", problem},
		{"POST", `/crm/v3/objects/contacts/batch/archive`, `{"inputs":[{"id":"{contact3}"}]}`, 204, "", ""},
		{"GET", `/crm/v3/objects/contacts?limit=100&archived=true`, ``, 200, "", "results results.0.archived results.0.archivedAt results.0.createdAt results.0.id results.0.properties results.0.updatedAt"},
		{"POST", `/crm/v3/objects/companies`, `{"associations":[],"properties":{"name":"Example Works","domain":"example.net"}}`, 201, "company1:id", record},
		{"POST", `/crm/v3/objects/tasks`, `{"associations":[{"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":204}],"to":{"id":"{contact1}"}}],"properties":{"hs_timestamp":"2026-11-04T09:00:00Z","hs_task_subject":"Call Ada","hs_task_status":"NOT_STARTED","hs_task_type":"CALL","hs_task_priority":"HIGH"}}`, 201, "task1:id", record},
		{"POST", `/crm/v3/objects/tasks`, `{"associations":[],"properties":{"hs_task_subject":"no date"}}`, 400, "", problem},
		{"POST", `/crm/v3/objects/tasks/batch/create`, `{"inputs":[{"associations":[{"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":204}],"to":{"id":"{contact1}"}}],"objectWriteTraceId":"t0","properties":{"hs_timestamp":"2026-11-04T09:00:00Z","hs_task_subject":"Task 0","hs_task_status":"NOT_STARTED","hs_task_type":"CALL","hs_task_priority":"HIGH"}},{"associations":[{"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":204}],"to":{"id":"{contact2}"}}],"objectWriteTraceId":"t1","properties":{"hs_timestamp":"2026-11-04T09:00:00Z","hs_task_subject":"Task 1","hs_task_status":"NOT_STARTED","hs_task_type":"CALL","hs_task_priority":"HIGH"}}]}`, 201, "task2:hs_task_subject=Task 0|task3:hs_task_subject=Task 1", batch + first},
		{"POST", `/crm/v3/objects/tasks/batch/read`, `{"propertiesWithHistory":[],"inputs":[{"id":"{task1}"},{"id":"{task2}"},{"id":"{task3}"}],"properties":["hs_task_subject","hs_task_status"]}`, 200, "", batch + first},
		{"POST", `/crm/v3/objects/tasks/batch/update`, `{"inputs":[{"id":"{task1}","properties":{"hs_task_status":"COMPLETED"}},{"id":"{task2}","properties":{"hs_task_status":"COMPLETED"}},{"id":"{task3}","properties":{"hs_task_status":"COMPLETED"}}]}`, 200, "", batch + first},
		{"POST", `/crm/v3/objects/tasks/search`, `{"limit":10,"after":"0","sorts":[],"properties":["hs_task_status"],"filterGroups":[{"filters":[{"propertyName":"hs_task_status","values":["COMPLETED"],"operator":"IN"}]}]}`, 200, "", found},
		{"POST", `/crm/v3/objects/tasks/search`, `{"limit":10,"after":"0","sorts":[],"properties":[],"filterGroups":[{"filters":[{"propertyName":"associations.contact","value":"{contact1}","operator":"EQ"}]}]}`, 200, "", found},
		{"GET", `/crm/v3/objects/tasks/{task1}?properties=hs_task_is_completed`, ``, 200, "", record},
		{"DELETE", `/crm/v3/objects/tasks/{task3}`, ``, 204, "", ""},
		{"GET", `/crm/v3/pipelines/deals`, ``, 200, "", "results results.0.archived results.0.displayOrder results.0.id results.0.label results.0.stages"},
		{"POST", `/crm/v3/objects/deals`, `{"associations":[{"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":3}],"to":{"id":"{contact1}"}}],"properties":{"dealname":"Pumps","pipeline":"default","dealstage":"appointmentscheduled","amount":"1200"}}`, 201, "deal1:id", record},
		{"POST", `/crm/v3/objects/deals/batch/update`, `{"inputs":[{"id":"{deal1}","properties":{"dealstage":"closedwon"}}]}`, 200, "", batch + first},
		{"POST", `/crm/v3/objects/deals/search`, `{"limit":10,"after":"0","sorts":[],"properties":["hs_is_closed_won"],"filterGroups":[{"filters":[{"propertyName":"dealname","value":"pump*","operator":"CONTAINS_TOKEN"}]}]}`, 200, "", found},
		{"POST", `/crm/v3/objects/deals/batch/read`, `{"propertiesWithHistory":["dealstage"],"inputs":[{"id":"{deal1}"}],"properties":["amount"]}`, 200, "", "completedAt results startedAt status results.0.archived results.0.createdAt results.0.id results.0.properties results.0.propertiesWithHistory results.0.updatedAt"},
		{"PUT", `/crm/v4/objects/deals/{deal1}/associations/default/companies/{company1}`, ``, 200, "", batch + made},
		{"PUT", `/crm/v4/objects/contacts/{contact1}/associations/companies/{company1}`, `[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":1}]`, 201, "", "fromObjectId fromObjectTypeId labels toObjectId toObjectTypeId"},
		{"POST", `/crm/v4/associations/contacts/companies/batch/associate/default`, `{"inputs":[{"from":{"id":"{contact2}"},"to":{"id":"{company1}"}}]}`, 200, "", batch + made},
		{"POST", `/crm/v4/associations/companies/contacts/batch/create`, `{"inputs":[{"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":280}],"from":{"id":"{company1}"},"to":{"id":"{contact2}"}}]}`, 201, "", "completedAt results startedAt status results.0.fromObjectId results.0.fromObjectTypeId results.0.labels results.0.toObjectId results.0.toObjectTypeId"},
		{"GET", `/crm/v4/objects/companies/{company1}/associations/contacts?limit=1`, ``, 200, "", "paging results results.0.associationTypes results.0.toObjectId"},
		{"GET", `/crm/v4/objects/companies/{company1}/associations/contacts?after={contact2}&limit=500`, ``, 200, "", "results results.0.associationTypes results.0.toObjectId"},
		{"POST", `/crm/v4/associations/contacts/companies/batch/read`, `{"inputs":[{"id":"{contact1}"},{"id":"{contact2}"}]}`, 200, "", "completedAt results startedAt status results.0.from results.0.to"},
		{"POST", `/crm/v4/associations/deals/calls/batch/read`, `{"inputs":[{"id":"{deal1}"}]}`, 207, "", batch + " numErrors errors"},
		{"POST", `/crm/v4/associations/contacts/companies/batch/archive`, `{"inputs":[{"from":{"id":"{contact2}"},"to":[{"id":"{company1}"}]}]}`, 204, "", ""},
		{"DELETE", `/crm/v4/objects/contacts/{contact1}/associations/companies/{company1}`, ``, 204, "", ""},
		{"GET", `/crm/v4/objects/companies/{company1}/associations/contacts`, ``, 200, "", "results"},
		{"GET", `/crm/v4/associations/contacts/companies/labels`, ``, 200, "", "results results.0.category results.0.label results.0.typeId"},
		{"POST", `/crm/v3/lists`, `{"objectTypeId":"0-1","processingType":"MANUAL","name":"Hot leads"}`, 200, "list1:list.listId", listed},
		{"PUT", `/crm/v3/lists/{list1}/memberships/add`, `["{contact1}","{contact2}","17"]`, 200, "", changed},
		{"GET", `/crm/v3/lists/{list1}/memberships?limit=1`, ``, 200, "", "paging results total results.0.membershipTimestamp results.0.recordId"},
		{"PUT", `/crm/v3/lists/{list1}/memberships/add-and-remove`, `{"recordIdsToRemove":["{contact2}"],"recordIdsToAdd":[]}`, 200, "", changed},
		{"PUT", `/crm/v3/lists/{list1}/memberships/remove`, `["{contact1}"]`, 200, "", changed},
		{"POST", `/crm/v3/lists`, `{"objectTypeId":"0-1","processingType":"DYNAMIC","name":"Adas","filterBranch":{"filterBranchType":"OR","filterBranches":[{"filterBranchType":"AND","filterBranches":[],"filters":[{"property":"firstname","filterType":"PROPERTY","operation":{"includeObjectsWithNoValueSet":false,"values":["Ada"],"operationType":"MULTISTRING","operator":"IS_EQUAL_TO"}}]}],"filters":[]}}`, 200, "list2:list.listId", listed},
		{"PUT", `/crm/v3/lists/{list2}/memberships/add`, `["{contact1}"]`, 400, "", problem},
		{"GET", `/crm/v3/lists/object-type-id/0-1/name/Hot%20leads`, ``, 200, "", listed},
		{"GET", `/crm/v3/lists/{list2}`, ``, 200, "", listed},
		{"POST", `/crm/v3/lists/search`, `{"listIds":[],"offset":0,"query":"lead","count":10,"processingTypes":["MANUAL"],"additionalProperties":[]}`, 200, "", "hasMore lists offset total"},
		{"GET", `/crm/v3/lists/99999`, ``, 404, "", problem},
		{"POST", `/crm/v3/lists`, `{"objectTypeId":"0-1","processingType":"MANUAL","name":"Hot leads"}`, 400, "", problem},
		{"DELETE", `/crm/v3/lists/{list1}`, ``, 204, "", ""},
		{"POST", `/crm/v3/properties/tasks/groups`, `{"name":"example_group","displayOrder":-1,"label":"Example"}`, 201, "", "archived displayOrder label name"},
		{"POST", `/crm/v3/properties/tasks`, `{"label":"Key","type":"string","groupName":"example_group","name":"example_key","hasUniqueValue":true,"fieldType":"text"}`, 201, "", field},
		{"POST", `/crm/v3/properties/tasks`, `{"label":"Key","type":"string","groupName":"example_group","name":"example_key","fieldType":"text"}`, 409, "", problem},
		{"POST", `/crm/v3/properties/contacts/batch/create`, `{"inputs":[{"label":"Points","type":"number","groupName":"contactinformation","name":"example_points","fieldType":"number"}]}`, 201, "", "completedAt results startedAt status results.0.calculated results.0.createdAt results.0.dataSensitivity results.0.description results.0.displayOrder results.0.externalOptions results.0.fieldType results.0.formField results.0.groupName results.0.hasUniqueValue results.0.hidden results.0.label results.0.modificationMetadata results.0.name results.0.options results.0.type results.0.updatedAt"},
		{"PATCH", `/crm/v3/properties/contacts/example_points`, `{"label":"All points"}`, 200, "", field},
		{"POST", `/crm/v3/properties/contacts/batch/archive`, `{"inputs":[{"name":"example_points"}]}`, 204, "", ""},
		{"GET", `/crm/v3/properties/contacts/example_points`, ``, 404, "", problem},
		{"POST", `/crm/v3/objects/tasks`, `{"associations":[],"properties":{"hs_timestamp":"2026-11-04T09:00:00Z","example_key":"k1"}}`, 201, "task4:id", record},
		{"POST", `/crm/v3/objects/tasks`, `{"associations":[],"properties":{"hs_timestamp":"2026-11-04T09:00:00Z","example_key":"k1"}}`, 409, "", problem},
		{"GET", `/crm/v3/properties/contacts`, ``, 200, "", "results results.0.calculated results.0.createdAt results.0.dataSensitivity results.0.description results.0.displayOrder results.0.externalOptions results.0.fieldType results.0.formField results.0.groupName results.0.hasUniqueValue results.0.hidden results.0.label results.0.modificationMetadata results.0.name results.0.options results.0.type results.0.updatedAt"},
		{"GET", `/crm/v3/owners`, ``, 200, "owner:results.0.id", "results results.0.archived results.0.createdAt results.0.email results.0.firstName results.0.id results.0.lastName results.0.type results.0.updatedAt results.0.userId results.0.userIdIncludingInactive"},
		{"GET", `/crm/v3/owners/{owner}`, ``, 200, "", owner},
	}
}

func TestNodeClientRequests(t *testing.T) {
	w := newWorld(t)
	w.CreateOwner("Rita Example", "rep@example.com", true)
	known := map[string]string{}
	check := answerChecker(t)
	for i, r := range nodeRequests() {
		var pairs []string
		for _, name := range slices.Sorted(maps.Keys(known)) {
			pairs = append(pairs, "{"+name+"}", known[name])
		}
		fill := strings.NewReplacer(pairs...).Replace
		got := w.do(r.method, fill(r.path), fill(r.body))
		if got.status != r.status {
			t.Fatalf("request %d, %s %s: status %d, want %d: %s", i, r.method, fill(r.path), got.status, r.status, got.raw)
		}
		check(r.method, fill(r.path), got)
		for path := range strings.FieldsSeq(r.has) {
			if _, ok := at(got.body, path); !ok {
				t.Errorf("request %d, %s %s: no %s in %s", i, r.method, fill(r.path), path, got.raw)
			}
		}
		for s := range strings.SplitSeq(r.save, "|") {
			name, path, _ := strings.Cut(s, ":")
			if name != "" {
				known[name] = got.id(t, path)
			}
		}
	}
}

// at follows a path of names and numbers through an answer.
func at(v any, path string) (any, bool) {
	for part := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			next, ok := x[part]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			n, err := strconv.Atoi(part)
			if err != nil || n >= len(x) {
				return nil, false
			}
			v = x[n]
		default:
			return nil, false
		}
	}
	return v, true
}

// id is the text at a path, or the id of the record with a property.
func (r reply) id(t *testing.T, path string) string {
	t.Helper()
	name, value, byProperty := strings.Cut(path, "=")
	if !byProperty {
		v, _ := at(r.body, path)
		s, ok := v.(string)
		if !ok {
			t.Fatalf("no %s in %s", path, r.raw)
		}
		return s
	}
	for _, x := range r.list("results") {
		if props, _ := x["properties"].(map[string]any); props[name] == value {
			return x["id"].(string)
		}
	}
	t.Fatalf("no record with %s in %s", path, r.raw)
	return ""
}
