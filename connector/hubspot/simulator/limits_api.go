package simulator

import (
	"net/http"
	"strings"
)

const (
	recordsMost          = 15_000_000 // per object type, of paid accounts
	customPropertiesMost = 1_000      // per object type, of Professional accounts
)

// usageOut is how much of one limit a type has used.
type usageOut struct {
	TypeID     string  `json:"objectTypeId"`
	Singular   string  `json:"singularLabel"`
	Plural     string  `json:"pluralLabel"`
	Limit      int     `json:"limit"`
	Usage      int     `json:"usage"`
	Percentage float64 `json:"percentage"`
}

func usage(t *table, used, limit int) usageOut {
	return usageOut{
		TypeID: t.typeID, Singular: title(t.singular), Plural: title(t.name), Limit: limit, Usage: used, Percentage: percent(used, limit),
	}
}

func percent(used, limit int) float64 { return 100 * float64(used) / float64(limit) }

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// recordLimits tells how many records there are and can be; no custom objects are simulated.
func (c *call) recordLimits() answer {
	out := []usageOut{}
	for _, ot := range objectTypes() {
		t, n := c.a.tables[ot.name], 0
		for _, r := range t.ids {
			if r.live() {
				n++
			}
		}
		out = append(out, usage(t, n, recordsMost))
	}
	return c.json(http.StatusOK, map[string]any{
		"hubspotDefinedObjectTypes": out,
		"customObjectTypes": map[string]any{
			"byObjectType": []any{}, "overallLimit": 0, "overallUsage": 0, "overallPercentage": 0,
		},
	})
}

// propertyLimits tells how many properties of our own there are and can be.
func (c *call) propertyLimits() answer {
	out := []usageOut{}
	all := 0
	for _, ot := range objectTypes() {
		t, n := c.a.tables[ot.name], 0
		for _, p := range t.byKey {
			if !p.HubSpotDefined && !p.Archived {
				n++
			}
		}
		all += n
		out = append(out, usage(t, n, customPropertiesMost))
	}
	limit := customPropertiesMost * len(objectTypes())
	return c.json(http.StatusOK, map[string]any{
		"byObjectType": out, "overallLimit": limit, "overallUsage": all, "overallPercentage": percent(all, limit),
	})
}

// uninstall takes the app out of the account: its tokens are dead from now on (hubspot-api 1.3).
func (c *call) uninstall() answer {
	c.a.revoked = true
	c.a.oauth.endAll()
	c.a.note(c.m, Entry{Op: OpUninstall})
	return answer{status: http.StatusNoContent}
}
