package hubspot

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"leadsync/connector"
)

const (
	contactType   = "0-1"
	listPage      = 100 // lists a page of a search, members a page of a membership listing
	membersLimit  = 500 // ids of one membership change; HubSpot's own limit is not documented (hubspot-api 10)
	mostListPages = 1000
)

// wireList is one list ("segment" in HubSpot's pages).
type wireList struct {
	ID         text `json:"listId"`
	Name       text `json:"name"`
	Type       text `json:"objectTypeId"`
	Processing text `json:"processingType"`
}

// list translates; only what others may add to counts as static (hubspot-api 10).
func (w wireList) list() connector.List {
	return connector.List{
		ID: string(w.ID), Name: string(w.Name), Static: w.Processing == "MANUAL" || w.Processing == "SNAPSHOT",
	}
}

type listAnswer struct {
	List wireList `json:"list"`
}

// StaticLists gives the account's static lists of contacts whose names hold the query, all of them if it is
// empty.
func (c *Client) StaticLists(ctx context.Context, query string) ([]connector.List, error) {
	var lists []connector.List
	for offset, page := 0, 0; page < mostListPages; page++ {
		var out struct {
			Lists   []wireList `json:"lists"`
			HasMore bool       `json:"hasMore"`
			Offset  int        `json:"offset"`
		}
		r := request{op: "search lists", endpoint: epListSearch, body: map[string]any{
			"query": query, "count": listPage, "offset": offset, "processingTypes": []string{"MANUAL", "SNAPSHOT"},
			"listIds": []string{}, "additionalProperties": []string{}, // the specification calls them required
		}}
		if _, err := c.do(ctx, r, &out); err != nil {
			return nil, err
		}
		for _, w := range out.Lists {
			if l := w.list(); l.Static && (w.Type == contactType || w.Type == "") {
				lists = append(lists, l)
			}
		}
		if !out.HasMore {
			return lists, nil
		}
		if out.Offset <= offset {
			return nil, &connector.Error{Kind: connector.ErrUnavailable, Op: r.op, Message: "the pages do not move on"}
		}
		offset = out.Offset
	}
	return nil, unfit("search lists", "there are too many lists to look through; search by name")
}

// StaticList gives one list of contacts by its id. List.Static is false for one that HubSpot computes itself;
// a list of other records is ErrInvalid.
func (c *Client) StaticList(ctx context.Context, id string) (connector.List, error) {
	if !decimal(id) {
		return connector.List{}, unfit("read list", "the id of a list is a number")
	}
	return c.oneList(ctx, request{op: "read list", endpoint: epListGet, args: []string{id}})
}

func (c *Client) oneList(ctx context.Context, r request) (connector.List, error) {
	var out listAnswer
	if _, err := c.do(ctx, r, &out); err != nil {
		return connector.List{}, err
	}
	if out.List.ID == "" {
		return connector.List{}, &connector.Error{Kind: connector.ErrUnavailable, Op: r.op, Message: "the answer names no list"}
	}
	if out.List.Type != contactType && out.List.Type != "" {
		return connector.List{}, unfit(r.op, fmt.Sprintf("list %q is not one of contacts", out.List.ID))
	}
	return out.List.list(), nil
}

// CreateList makes sure that a static list of contacts with this name exists. One that exists is taken, unless
// HubSpot computes it: then the error is ErrInvalid. A lost answer is resolved by looking the name up.
func (c *Client) CreateList(ctx context.Context, name string) (connector.List, error) {
	if name == "" {
		return connector.List{}, unfit("create list", "a list needs a name")
	}
	there, err := c.listByName(ctx, name)
	if err == nil || !errors.Is(err, connector.ErrNotFound) {
		return there, err
	}
	r := request{op: "create list", endpoint: epListCreate, effect: creates, body: map[string]string{
		"name": name, "objectTypeId": contactType, "processingType": "MANUAL",
	}}
	made, err := c.oneList(ctx, r)
	if errors.Is(err, connector.ErrAmbiguous) || errors.Is(err, connector.ErrConflict) {
		there, lookErr := c.listByName(ctx, name)
		if lookErr == nil {
			return there, nil
		}
		return connector.List{}, err
	}
	return made, err
}

func (c *Client) listByName(ctx context.Context, name string) (connector.List, error) {
	l, err := c.oneList(ctx, request{op: "find list", endpoint: epListByName, args: []string{name}})
	if err == nil && !l.Static {
		return connector.List{}, unfit("create list", fmt.Sprintf("list %s has this name, and HubSpot computes its members; choose another name", l.ID))
	}
	return l, err
}

// membersAnswer is the answer of a membership change. HubSpot spells the names both ways.
type membersAnswer struct {
	Added    []text `json:"recordsIdsAdded"`
	Added2   []text `json:"recordIdsAdded"`
	Removed  []text `json:"recordIdsRemoved"`
	Removed2 []text `json:"recordsIdsRemoved"`
	Missing  []text `json:"recordIdsMissing"`
	Missing2 []text `json:"recordsIdsMissing"`
}

// ChangeList puts contacts on a static list or takes them off, 500 a call. Members that the answer names
// neither as changed nor as missing are read back from the list itself: one that is where it should be is
// done, one that is not makes the call fail with ErrAmbiguous, which may be repeated. The reading back costs a
// call per hundred members of the list, and only happens when HubSpot leaves somebody out.
func (c *Client) ChangeList(ctx context.Context, change connector.ListChange) (connector.ListResult, error) {
	e, op := epListRemove, "remove from list"
	if change.Add {
		e, op = epListAdd, "add to list"
	}
	if !decimal(change.List) {
		return connector.ListResult{}, unfit(op, "the id of a list is a number")
	}
	var result connector.ListResult
	var fit, silent []connector.ObjectID
	for _, id := range distinct(change.Member) {
		if decimal(string(id)) {
			fit = append(fit, id)
		} else {
			result.Missing = append(result.Missing, id)
		}
	}
	for chunk := range slices.Chunk(fit, membersLimit) {
		var out membersAnswer
		r := request{op: op, endpoint: e, args: []string{change.List}, body: chunk, effect: settles}
		if _, err := c.do(ctx, r, &out); err != nil {
			return connector.ListResult{}, err
		}
		silent = append(silent, out.settle(change.Add, chunk, &result)...)
	}
	if err := c.verifyMembers(ctx, op, change, silent); err != nil {
		return connector.ListResult{}, err
	}
	result.Done = append(result.Done, silent...)
	return result, nil
}

// settle files what the answer names and returns the others.
func (m membersAnswer) settle(add bool, chunk []connector.ObjectID, result *connector.ListResult) []connector.ObjectID {
	changed, missing := named(m.Removed, m.Removed2), named(m.Missing, m.Missing2)
	if add {
		changed = named(m.Added, m.Added2)
	}
	var silent []connector.ObjectID
	for _, id := range chunk {
		switch {
		case missing[id]:
			result.Missing = append(result.Missing, id)
		case changed[id]:
			result.Done = append(result.Done, id)
		default:
			silent = append(silent, id)
		}
	}
	return silent
}

func named(lists ...[]text) map[connector.ObjectID]bool {
	ids := make(map[connector.ObjectID]bool)
	for _, list := range lists {
		for _, id := range list {
			ids[connector.ObjectID(id)] = true
		}
	}
	return ids
}

// verifyMembers reads the list until it has seen what became of the silent ones.
func (c *Client) verifyMembers(
	ctx context.Context, op string, change connector.ListChange, silent []connector.ObjectID,
) error {
	if len(silent) == 0 {
		return nil
	}
	on := make(map[connector.ObjectID]bool)
	after := ""
	for n := 0; ; n++ {
		if n == mostLongPages {
			return endless(op)
		}
		page, next, err := c.members(ctx, change.List, after)
		if err != nil {
			return err
		}
		for _, id := range page {
			on[id] = true
		}
		enough := change.Add && !slices.ContainsFunc(silent, func(id connector.ObjectID) bool { return !on[id] })
		if enough || next == "" {
			break
		}
		if next == after {
			return &connector.Error{Kind: connector.ErrUnavailable, Op: op, Message: "the members do not move on"}
		}
		after = next
	}
	for _, id := range silent {
		if on[id] != change.Add {
			return &connector.Error{
				Kind: connector.ErrAmbiguous, Op: op,
				Message: fmt.Sprintf("record %s was left out of the answer, and the list does not show the change", id),
			}
		}
	}
	return nil
}

func (c *Client) members(ctx context.Context, list, after string) ([]connector.ObjectID, string, error) {
	query := url.Values{"limit": {strconv.Itoa(listPage)}}
	if after != "" {
		query.Set("after", after)
	}
	var out struct {
		Results []struct {
			ID text `json:"recordId"`
		} `json:"results"`
		Paging paging `json:"paging"`
	}
	r := request{op: "read members of list", endpoint: epListMembers, args: []string{list}, query: query}
	if _, err := c.do(ctx, r, &out); err != nil {
		return nil, "", err
	}
	ids := make([]connector.ObjectID, len(out.Results))
	for i, m := range out.Results {
		ids[i] = connector.ObjectID(m.ID)
	}
	return ids, string(out.Paging.Next.After), nil
}
