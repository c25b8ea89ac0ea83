package hubspot

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"

	"leadsync/connector"
)

// flowsLimit is how many definitions one call asks for; no limit is documented, so it stays far from any.
const flowsLimit = 50

// wireFlow is one workflow, as listed or as defined. Everything that may have many shapes stays raw.
type wireFlow struct {
	ID           text            `json:"id"`
	Name         text            `json:"name"`
	Enabled      lenient[*bool]  `json:"isEnabled"`
	ObjectTypeID text            `json:"objectTypeId"`
	Enrolment    json.RawMessage `json:"enrollmentCriteria"`
	Anchor       json.RawMessage `json:"eventAnchor"`
	Actions      json.RawMessage `json:"actions"`
}

// Automations lists the account's workflows, on and off, with the properties that enrol records and those that
// they set; scope "automation". No workflow of the listing is ever left out: what cannot be read of one is
// named in Automation.Unread. ErrForbidden and ErrNotFound mean that the account or its token does not offer
// the interface at all; then somebody has to look by hand. The shapes are those of the automation v4 reference.
func (c *Client) Automations(ctx context.Context) ([]connector.Automation, error) {
	listed, err := c.flowList(ctx)
	if err != nil {
		return nil, err
	}
	defined := make(map[text]wireFlow, len(listed))
	for chunk := range slices.Chunk(listed, flowsLimit) {
		if err := c.flowDefinitions(ctx, chunk, defined); err != nil {
			return nil, err
		}
	}
	out := make([]connector.Automation, len(listed))
	for i, l := range listed {
		flow, ok := defined[l.ID]
		if !ok {
			if flow, err = c.flowDefinition(ctx, l.ID); err != nil && !errors.Is(err, connector.ErrNotFound) && !errors.Is(err, connector.ErrForbidden) {
				return nil, err
			}
			ok = err == nil
		}
		out[i] = c.automation(l, flow, ok)
	}
	return out, nil
}

func (c *Client) flowList(ctx context.Context) ([]wireFlow, error) {
	const op = "list workflows"
	var flows []wireFlow
	for after, page := "", 0; page < mostPages; page++ {
		query := url.Values{"limit": {strconv.Itoa(listLimit)}}
		if after != "" {
			query.Set("after", after)
		}
		var out struct {
			Results []lenient[wireFlow] `json:"results"`
			Paging  paging              `json:"paging"`
		}
		if _, err := c.do(ctx, request{op: op, endpoint: epFlows, query: query}, &out); err != nil {
			return nil, err
		}
		for _, f := range out.Results {
			flows = append(flows, f.value) // one of an unknown shape too: it has no id then, and counts
		}
		next := string(out.Paging.Next.After)
		if next == "" {
			return flows, nil
		}
		if next == after {
			break
		}
		after = next
	}
	return nil, &connector.Error{Kind: connector.ErrUnavailable, Op: op, Message: "the listing does not move on"}
}

// flowDefinitions reads a batch. A refusal of the whole batch, or a definition that is no workflow we know, is
// left to flowDefinition.
func (c *Client) flowDefinitions(ctx context.Context, chunk []wireFlow, defined map[text]wireFlow) error {
	type input struct {
		ID   text   `json:"flowId"`
		Type string `json:"type"`
	}
	var body struct {
		Inputs []input `json:"inputs"`
	}
	for _, l := range chunk {
		if l.ID != "" {
			body.Inputs = append(body.Inputs, input{l.ID, "FLOW_ID"})
		}
	}
	if len(body.Inputs) == 0 {
		return nil
	}
	var out struct {
		Results []lenient[wireFlow] `json:"results"`
	}
	_, err := c.do(ctx, request{op: "read workflows", endpoint: epFlowsRead, body: body}, &out)
	switch {
	case errors.Is(err, connector.ErrInvalid), errors.Is(err, connector.ErrNotFound), errors.Is(err, connector.ErrForbidden):
		return nil
	case err != nil:
		return err
	}
	for _, f := range out.Results {
		if f.value.ID != "" {
			defined[f.value.ID] = f.value
		}
	}
	return nil
}

func (c *Client) flowDefinition(ctx context.Context, id text) (wireFlow, error) {
	if !decimal(string(id)) {
		return wireFlow{}, &connector.Error{Kind: connector.ErrNotFound, Op: "read workflow", Message: "the id is not a number"}
	}
	var out lenient[wireFlow]
	_, err := c.do(ctx, request{op: "read workflow", endpoint: epFlow, args: []string{string(id)}}, &out)
	if err == nil && out.value.ID != id {
		err = &connector.Error{Kind: connector.ErrNotFound, Op: "read workflow", Message: "the answer holds another one"}
	}
	return out.value, err
}

// automation translates one workflow.
func (c *Client) automation(listed, flow wireFlow, known bool) connector.Automation {
	out := connector.Automation{
		ID: string(listed.ID), Name: orString(string(flow.Name), string(listed.Name)), Active: true,
		Type: typeOfID(orString(string(flow.ObjectTypeID), string(listed.ObjectTypeID))),
	}
	if address := c.flows.Load(); address != nil && out.ID != "" {
		out.Address = *address + "/" + url.PathEscape(out.ID) + "/edit"
	}
	var enrolment, sets findings
	if on := listed.Enabled.value; on != nil {
		out.Active = *on
	} else {
		sets.miss("whether it is on")
	}
	if !known {
		sets.miss("its definition")
		out.Unread = sets.unread
		return out
	}
	enrolment.enrolment(flow.Enrolment, len(flow.Anchor) > 0)
	sets.actions(flow.Actions)
	out.Enrols, out.Sets = enrolment.names(), sets.names()
	out.Unread = distinct(append(enrolment.unread, sets.unread...))
	slices.Sort(out.Unread)
	if len(out.Unread) == 0 {
		out.Unread = nil
	}
	return out
}
