package hubspot

import (
	"context"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"leadsync/connector"
)

// Account tells whose token this is (hubspot-api 10). The client learns from it when the daily limit ends.
func (c *Client) Account(ctx context.Context) (connector.Account, error) {
	var out struct {
		PortalID text `json:"portalId"`
		TimeZone text `json:"timeZone"`
		Currency text `json:"companyCurrency"`
		UIDomain text `json:"uiDomain"`
	}
	r := request{op: "read account", endpoint: epAccount}
	if _, err := c.do(ctx, r, &out); err != nil {
		return connector.Account{}, err
	}
	if !decimal(string(out.PortalID)) {
		return connector.Account{}, &connector.Error{
			Kind: connector.ErrUnavailable, Op: r.op, Message: "the answer names no portal",
		}
	}
	account := connector.Account{
		ID: connector.PortalID(out.PortalID), TimeZone: string(out.TimeZone), Currency: string(out.Currency),
	}
	if out.UIDomain != "" {
		account.RecordURL = "https://" + string(out.UIDomain) + "/contacts/" + string(out.PortalID) + "/record/0-1/%s"
		flows := "https://" + string(out.UIDomain) + "/workflows/" + string(out.PortalID) + "/platform/flow"
		c.flows.Store(&flows)
	}
	if zone, err := time.LoadLocation(account.TimeZone); err == nil && account.TimeZone != "" {
		c.zone.Store(zone)
	}
	return account, nil
}

// Owners gives all owners, active ones first; an owner in both lists is active.
func (c *Client) Owners(ctx context.Context) ([]connector.Owner, error) {
	var owners []connector.Owner
	seen := make(map[string]bool)
	for _, archived := range []bool{false, true} {
		after := ""
		for n := 0; ; n++ {
			if n == mostPages {
				return nil, endless("list owners")
			}
			page, next, err := c.ownerPage(ctx, archived, after)
			if err != nil {
				return nil, err
			}
			for _, o := range page {
				if !seen[o.ID] {
					seen[o.ID] = true
					owners = append(owners, o)
				}
			}
			if next == "" || next == after {
				break
			}
			after = next
		}
	}
	return owners, nil
}

func (c *Client) ownerPage(ctx context.Context, archived bool, after string) ([]connector.Owner, string, error) {
	query := url.Values{"limit": {strconv.Itoa(listLimit)}, "archived": {strconv.FormatBool(archived)}}
	if after != "" {
		query.Set("after", after)
	}
	var out struct {
		Results []struct {
			ID        text `json:"id"`
			Email     text `json:"email"`
			FirstName text `json:"firstName"`
			LastName  text `json:"lastName"`
			Type      text `json:"type"`
			Archived  bool `json:"archived"`
		} `json:"results"`
		Paging paging `json:"paging"`
	}
	if _, err := c.do(ctx, request{op: "list owners", endpoint: epOwners, query: query}, &out); err != nil {
		return nil, "", err
	}
	owners := make([]connector.Owner, 0, len(out.Results))
	for _, o := range out.Results {
		owners = append(owners, connector.Owner{
			ID: string(o.ID), Name: strings.TrimSpace(string(o.FirstName) + " " + string(o.LastName)), Email: string(o.Email),
			Active: !archived && !o.Archived, Person: o.Type == "PERSON" || o.Type == "",
		})
	}
	return owners, string(out.Paging.Next.After), nil
}

// Pipelines gives the deal pipelines with their stages in display order. Won is closed with probability 1,
// lost is closed with probability 0 (hubspot-api 8).
func (c *Client) Pipelines(ctx context.Context) ([]connector.Pipeline, error) {
	var out struct {
		Results []pipeline `json:"results"`
	}
	if _, err := c.do(ctx, request{op: "list pipelines", endpoint: epPipelines}, &out); err != nil {
		return nil, err
	}
	slices.SortStableFunc(out.Results, func(a, b pipeline) int { return displayRank(a.Order) - displayRank(b.Order) })
	var pipelines []connector.Pipeline
	for _, p := range out.Results {
		if !p.Archived {
			pipelines = append(pipelines, p.translated())
		}
	}
	return pipelines, nil
}

type pipeline struct {
	ID       text            `json:"id"`
	Label    text            `json:"label"`
	Order    int             `json:"displayOrder"`
	Archived bool            `json:"archived"`
	Stages   []pipelineStage `json:"stages"`
}

type pipelineStage struct {
	ID       text            `json:"id"`
	Label    text            `json:"label"`
	Order    int             `json:"displayOrder"`
	Archived bool            `json:"archived"`
	Metadata map[string]text `json:"metadata"` // all values are strings
}

func (p pipeline) translated() connector.Pipeline {
	slices.SortStableFunc(p.Stages, func(a, b pipelineStage) int { return displayRank(a.Order) - displayRank(b.Order) })
	out := connector.Pipeline{ID: string(p.ID), Label: string(p.Label)}
	for _, s := range p.Stages {
		if s.Archived {
			continue
		}
		probability, err := strconv.ParseFloat(string(s.Metadata["probability"]), 64)
		closed := s.Metadata["isClosed"] == "true" && err == nil
		out.Stages = append(out.Stages, connector.PipelineStage{
			ID: string(s.ID), Label: string(s.Label), Won: closed && probability == 1, Lost: closed && probability == 0,
		})
	}
	return out
}

// displayRank puts a negative display order behind all others, as HubSpot's pages do.
func displayRank(order int) int {
	if order < 0 {
		return math.MaxInt32
	}
	return min(order, math.MaxInt32)
}
