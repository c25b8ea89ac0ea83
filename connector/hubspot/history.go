package hubspot

import (
	"context"
	"errors"
	"slices"
	"strings"

	"leadsync/connector"
)

// historyLimit is how many records a batch/read with propertiesWithHistory takes (hubspot-api 5.2).
const historyLimit = 50

// version is one value of a property on the wire.
type version struct {
	Value      text `json:"value"`
	Timestamp  text `json:"timestamp"`
	SourceType text `json:"sourceType"`
	SourceID   text `json:"sourceId"`
}

// History gives the versions that HubSpot keeps of the named properties, oldest first, fifty records a call. A
// merged record answers under the id that was asked for, with its survivor's history. A version without a
// readable time fails the call: putting it in the wrong place would be worse.
func (c *Client) History(
	ctx context.Context, typ connector.ObjectType, ids []connector.ObjectID, props []string,
) (connector.HistoryResult, error) {
	result := connector.HistoryResult{Found: make(map[connector.ObjectID]connector.History, len(ids))}
	name, err := plural(typ)
	if err != nil {
		return connector.HistoryResult{}, err
	}
	if len(props) == 0 {
		return connector.HistoryResult{}, unfit("read history of "+name, "no property is named")
	}
	for chunk := range slices.Chunk(distinct(ids), historyLimit) {
		inputs := make([]string, len(chunk))
		for i, id := range chunk {
			inputs[i] = string(id)
		}
		out, err := c.batchRead(ctx, batchReading{name: name, inputs: inputs, history: props})
		if err != nil {
			return connector.HistoryResult{}, err
		}
		if err := c.settleHistory(ctx, reading{typ: typ, chunk: chunk, props: props, out: out}, &result); err != nil {
			return connector.HistoryResult{}, err
		}
	}
	return result, nil
}

func (c *Client) settleHistory(ctx context.Context, r reading, result *connector.HistoryResult) error {
	found, missing := r.sorted()
	for _, id := range r.chunk {
		rec, ok := found[id]
		if !ok && !missing[id] {
			var err error
			rec, err = c.getRecord(ctx, r.typ, id, "propertiesWithHistory", r.props)
			if err != nil && !errors.Is(err, connector.ErrNotFound) {
				return err
			}
			ok = err == nil
		}
		if !ok {
			result.Missing = append(result.Missing, id)
			continue
		}
		history, err := c.history(rec, r.props)
		if err != nil {
			return err
		}
		result.Found[id] = history
	}
	return nil
}

// history translates the versions of the properties that were asked for.
func (c *Client) history(rec record, props []string) (connector.History, error) {
	out := make(connector.History, len(props))
	for _, name := range props {
		for _, v := range slices.Backward(rec.History[name]) { // HubSpot gives the newest first
			at := instant(string(v.Timestamp))
			if at.IsZero() {
				return nil, &connector.Error{
					Kind: connector.ErrUnavailable, Op: "read history", Properties: []string{name},
					Message: "a version has no readable time",
				}
			}
			out[name] = append(out[name], connector.Version{
				Value: normalised(string(v.Value)), At: at, Origin: c.origin(v), Source: c.source(v),
			})
		}
		slices.SortStableFunc(out[name], func(a, b connector.Version) int { return a.At.Compare(b.At) })
	}
	return out, nil
}

// origin says who wrote a version. HubSpot's list of sources is open: a word that is not known here stays
// unknown, it is never guessed. "CRM" is HubSpot's own system (events name it beside "CRM_UI", which is a person
// in HubSpot's pages, hubspot-api 3.2), so it is a machine; "ACADEMY" comes with a person's user number (3.6).
func (c *Client) origin(v version) connector.Origin {
	source := strings.ToUpper(string(v.SourceType))
	switch {
	case source == "INTEGRATION" && c.appID != "" && string(v.SourceID) == c.appID:
		return connector.OriginOwn
	case strings.HasPrefix(source, "MOBILE"), strings.HasPrefix(source, "CRM_UI"):
		return connector.OriginPerson
	}
	switch source {
	case "ACADEMY", "IMPORT", "CONTACTS", "CONTACTS_WEB", "COMPANIES", "DEALS", "SALES", "SIDEKICK", "EXTENSION", "CONVERSATIONS",
		"HELP_DESK", "TASK", "PLAYBOOKS":
		return connector.OriginPerson
	case "CRM", "INTEGRATION", "INTEGRATIONS_PLATFORM", "INTEGRATIONS_SYNC", "API", "SALESFORCE", "BATCH_UPDATE",
		"EMAIL_INTEGRATION", "GMAIL_INTEGRATION", "SLACK_INTEGRATION", "PORTAL_OBJECT_SYNC",
		"AUTOMATION_PLATFORM", "AUTOMATION_JOURNEY", "WORKFLOWS", "SEQUENCES", "BOT",
		"CALCULATED", "ANALYTICS", "FORM", "EMAIL", "ENGAGEMENTS", "ASSOCIATIONS", "MEETINGS", "ADS", "SOCIAL",
		"MERGE_CONTACTS", "MERGE_COMPANIES", "MERGE_OBJECTS", "MIGRATION", "DEFAULT", "SETTINGS", "PROPERTY_SETTINGS",
		"PIPELINE_SETTINGS", "COMPANY_FAMILIES", "COMPANY_INSIGHTS", "DATA_ENRICHMENT", "AI_GROUP",
		"BEHAVIORAL_EVENTS", "INTERNAL_PROCESSING", "RECYCLING_BIN", "BCC_TO_CRM", "FORWARD_TO_CRM":
		return connector.OriginMachine
	default:
		return connector.OriginUnknown
	}
}

// source is HubSpot's word for who wrote a version. Another machine is named by its number too (an app, a workflow): the
// word alone does not tell which one it was. A person's number is nobody's business.
func (c *Client) source(v version) string {
	word, id := string(v.SourceType), strings.TrimSpace(string(v.SourceID))
	if c.origin(v) != connector.OriginMachine || id == "" || strings.HasPrefix(strings.ToLower(id), "userid:") {
		return word
	}
	return word + " " + id
}
