package simulator

import (
	"encoding/json"
	"net/http"
)

const (
	policyDaily    = "DAILY"
	policySecondly = "SECONDLY"
	policyTen      = "TEN_SECONDLY_ROLLING"
)

// apiError is the error body of hubspot-api 11.1, in the order that a real
// account sends.
type apiError struct {
	Status        string              `json:"status"`
	Message       string              `json:"message"`
	ErrorType     string              `json:"errorType,omitempty"`
	CorrelationID string              `json:"correlationId,omitempty"`
	PolicyName    string              `json:"policyName,omitempty"`
	GroupName     string              `json:"groupName,omitempty"`
	RequestID     string              `json:"requestId,omitempty"`
	Context       map[string][]string `json:"context,omitempty"`
	Errors        []errorDetail       `json:"errors,omitempty"`
	Links         map[string]string   `json:"links,omitempty"`
	Category      string              `json:"category,omitempty"`
	SubCategory   string              `json:"subCategory,omitempty"`
}

type errorDetail struct {
	Message string              `json:"message"`
	Code    string              `json:"code,omitempty"`
	In      string              `json:"in,omitempty"`
	Context map[string][]string `json:"context,omitempty"`
}

func (c *call) fail(status int, e apiError) answer {
	e.Status, e.CorrelationID = "error", c.correlation
	return c.json(status, e)
}

func (c *call) invalid(message string) answer {
	return c.fail(http.StatusBadRequest, apiError{Message: message, Category: "VALIDATION_ERROR"})
}

func (c *call) notFound(message string) answer {
	return c.fail(http.StatusNotFound, apiError{Message: message, Category: "OBJECT_NOT_FOUND"})
}

// noPage is what reads of unknown records and unknown paths answer: a page, not JSON.
func (c *call) noPage() answer {
	return answer{status: http.StatusNotFound, html: true, body: page("404 Not Found", "404", "Resource not found")}
}

func page(title, code, text string) []byte {
	return []byte("<html>\n<head>\n<meta http-equiv=\"Content-Type\" content=\"text/html;charset=utf-8\"/>\n<title>Error " + title +
		"</title>\n</head>\n<body><h2>HTTP ERROR " + code + "</h2>\n<p>" + text + "</p>\n</body>\n</html>\n")
}

func (c *call) missingScope(scope string) answer {
	ans := c.fail(http.StatusForbidden, apiError{
		Message: "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: https://developers.hubspot.com/scopes.",
		Errors: []errorDetail{{
			Message: "One or more of the following scopes are required.",
			Context: map[string][]string{"requiredGranularScopes": {scope}},
		}},
		Links: map[string]string{"scopes": "https://developers.hubspot.com/scopes"}, Category: "MISSING_SCOPES",
	})
	ans.bare = true
	return ans
}

// throttled is one of the three 429 bodies of hubspot-api 4.
func (c *call) throttled(policy string) answer {
	e := apiError{ErrorType: "RATE_LIMIT", PolicyName: policy}
	switch policy {
	case policyDaily:
		e.Message, e.RequestID = "You have reached your daily limit.", c.correlation
	case policyTen:
		e.Message, e.GroupName = "You have reached your ten_secondly_rolling limit.", "publicapi:private-apps:api-calls"
	default:
		e.Message = "You have reached your secondly limit."
	}
	return c.fail(http.StatusTooManyRequests, e)
}

func (c *call) serverError(status int) answer {
	return c.fail(status, apiError{Message: "internal error"})
}

// valueErrors is the 400 with JSON inside its message (hubspot-api 11.1).
func (c *call) valueErrors(ps []problem) apiError {
	inner, err := json.Marshal(ps)
	if err != nil {
		inner = []byte("[]")
	}
	e := apiError{Message: "Property values were not valid: " + string(inner), Category: "VALIDATION_ERROR"}
	for _, p := range ps {
		e.Errors = append(e.Errors, errorDetail{Message: p.Message, Code: p.Error, Context: map[string][]string{"propertyName": {p.Name}}})
	}
	return e
}
