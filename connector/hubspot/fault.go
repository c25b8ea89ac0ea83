package hubspot

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"leadsync/connector"
)

const (
	policyDaily      = "DAILY"
	policyTenSeconds = "TEN_SECONDLY_ROLLING"
	policySecondly   = "SECONDLY"

	// faultText bounds what is kept of HubSpot's own words.
	faultText = 4 << 10
)

var (
	mailAddress = regexp.MustCompile(`[^\s"'<>\[\]{}(),;:=]+@[^\s"'<>\[\]{}(),;:=]+`)
	// coordinateValue is in "..., propertyName=x, value=y} on 5".
	coordinateValue = regexp.MustCompile(`value=[^}]*`)
)

// fault is HubSpot's error object (hubspot-api 11.1), alone or as one entry of a batch answer. Any field may
// be missing or have another shape than the specification says.
type fault struct {
	Message       text             `json:"message"`
	Category      text             `json:"category"`
	SubCategory   text             `json:"subCategory"`
	Code          text             `json:"code"`
	ErrorType     text             `json:"errorType"`
	PolicyName    text             `json:"policyName"`
	CorrelationID text             `json:"correlationId"`
	Context       notes            `json:"context"`
	Errors        lenient[[]fault] `json:"errors"`
}

// lenient decodes T and keeps the zero value when the JSON has another shape.
type lenient[T any] struct{ value T }

// UnmarshalJSON never fails.
func (l *lenient[T]) UnmarshalJSON(b []byte) error {
	l.value, _ = decoded[T](b)
	return nil
}

// decoded is the zero value and false when the JSON is not a T.
func decoded[T any](b []byte) (T, bool) {
	var v, zero T
	if json.Unmarshal(b, &v) != nil {
		return zero, false
	}
	return v, true
}

// text is a string that may come as a number, a boolean, null or an object; the latter is kept as its JSON.
type text string

// UnmarshalJSON never fails on valid JSON.
func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	switch {
	case string(b) == "null":
		*t = ""
	case len(b) > 1 && b[0] == '"' && bytes.IndexByte(b, '\\') < 0 && utf8.Valid(b): // nothing to decode, as in most
		*t = text(b[1 : len(b)-1])
	case json.Unmarshal(b, &s) == nil:
		*t = text(s)
	default:
		*t = text(b)
	}
	return nil
}

// notes maps names to lists of words; a single word counts as a list of one.
type notes map[string][]text

// UnmarshalJSON never fails on valid JSON.
func (c *notes) UnmarshalJSON(b []byte) error {
	raw, ok := decoded[map[string]json.RawMessage](b)
	if !ok {
		return nil
	}
	*c = make(notes, len(raw))
	for name, value := range raw {
		var list []text
		if json.Unmarshal(value, &list) != nil {
			var one text
			_ = one.UnmarshalJSON(value)
			list = []text{one}
		}
		(*c)[name] = list
	}
	return nil
}

// decodeFault reads an error body; HTML, nothing and nonsense give the zero fault.
func decodeFault(body []byte) fault {
	if tooDeep(body) {
		return fault{}
	}
	f, _ := decoded[fault](body)
	return f
}

// policy names the exceeded limit: the policy name, else the words of the message, else what the bucket
// suggests (hubspot-api 4).
func (f fault) policy(bucket string) string {
	for _, words := range []string{string(f.PolicyName), string(f.Message)} {
		words = strings.ToLower(words)
		switch {
		case strings.Contains(words, "daily"):
			return policyDaily
		case strings.Contains(words, "ten_secondly"):
			return policyTenSeconds
		case strings.Contains(words, "secondly"):
			return policySecondly
		}
	}
	if bucket == BucketSearch {
		return policySecondly
	}
	return policyTenSeconds
}

// isRateLimit reports whether the refusal is about too many calls, under whatever status (hubspot-api 4).
func (f fault) isRateLimit() bool {
	return strings.HasPrefix(strings.ToUpper(string(f.Category)), "RATE_LIMIT") ||
		strings.HasPrefix(strings.ToUpper(string(f.ErrorType)), "RATE_LIMIT")
}

// invalidValue is one entry of the JSON that HubSpot puts into the message of a 400.
type invalidValue struct {
	Name  text `json:"name"`
	Error text `json:"error"`
}

// invalidValues reads the JSON inside the message.
func (f fault) invalidValues() []invalidValue {
	start := strings.Index(string(f.Message), "[{")
	if start < 0 {
		return nil
	}
	var values []invalidValue
	if json.NewDecoder(strings.NewReader(string(f.Message)[start:])).Decode(&values) != nil {
		return nil
	}
	return values
}

// properties lists the names that HubSpot gives as the cause, sorted, each once.
func (f fault) properties() []string {
	var names []string
	for _, v := range f.invalidValues() {
		names = append(names, string(v.Name))
	}
	for _, key := range []string{"propertyName", "propertyNames", "properties"} {
		for _, name := range f.Context[key] {
			names = append(names, string(name))
		}
	}
	for _, e := range f.Errors.value {
		names = append(names, e.properties()...)
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(s string) bool { return s == "" })
}

// scopes lists the scopes of which at least one is missing, sorted.
func (f fault) scopes() []string {
	var names []string
	for _, key := range []string{"requiredGranularScopes", "requiredScopes"} {
		if len(names) > 0 {
			break
		}
		for _, name := range f.Context[key] {
			names = append(names, string(name))
		}
	}
	for _, e := range f.Errors.value {
		names = append(names, e.scopes()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// words is the message as it may be shown: without property values, addresses and inner JSON, but with the
// names and codes that tell what to do.
func (f fault) words() string {
	message, _, inner := strings.Cut(string(f.Message), "[{")
	message = strings.TrimSpace(message)
	if values := f.invalidValues(); inner {
		parts := make([]string, len(values))
		for i, v := range values {
			parts[i] = string(v.Name) + " " + string(v.Error)
		}
		message += " " + strings.Join(parts, ", ")
	}
	for _, e := range f.Errors.value {
		if e.Code != "" && !strings.Contains(message, string(e.Code)) {
			message += " " + string(e.Code)
		}
	}
	if names := f.scopes(); len(names) > 0 {
		message += " (one of: " + strings.Join(names, ", ") + ")"
	}
	message = coordinateValue.ReplaceAllString(message, "value=…")
	message = mailAddress.ReplaceAllString(message, "…")
	return strings.TrimSpace(strings.ToValidUTF8(message[:min(len(message), faultText)], ""))
}

// isConflict reports whether the refusal is about a unique value that exists already, under whatever status.
func (f fault) isConflict() bool {
	for _, mark := range []text{f.Category, f.SubCategory, f.Code} {
		m := strings.ToUpper(string(mark))
		if strings.Contains(m, "CONFLICT") || strings.Contains(m, "ALREADY_EXISTS") || strings.Contains(m, "DUPLICATE") ||
			strings.Contains(m, "NON_UNIQUE") || strings.Contains(m, "UNIQUE_VALUE") {
			return true
		}
	}
	for _, v := range f.invalidValues() {
		if (fault{Code: v.Error}).isConflict() {
			return true
		}
	}
	return strings.Contains(string(f.Message), "already has that value")
}

// kind classifies one entry of a batch answer; entries have no status of their own.
func (f fault) kind() error {
	category := strings.ToUpper(string(f.Category))
	switch {
	case f.isConflict():
		return connector.ErrConflict
	case category == "OBJECT_NOT_FOUND":
		return connector.ErrNotFound
	case strings.HasPrefix(category, "VALIDATION"), strings.HasPrefix(category, "INVALID"):
		return connector.ErrInvalid
	case strings.HasPrefix(category, "RATE_LIMIT"):
		return connector.ErrThrottled
	case category == "MISSING_SCOPES", category == "FORBIDDEN":
		return connector.ErrForbidden
	default:
		return connector.ErrAmbiguous
	}
}

// entryError is the error of one record that a batch answer names as failed.
func (f fault) entryError(op string) error {
	return &connector.Error{
		Kind: f.kind(), Op: op, Message: f.words(), Properties: f.properties(), CorrelationID: string(f.CorrelationID),
	}
}

// refusal turns an answer outside 2xx into an error (hubspot-api 4 and 11.1).
func (c *Client) refusal(r request, resp *http.Response, f fault) error {
	e := &connector.Error{
		Kind: statusKind(resp.StatusCode, r.effect), Op: r.op, Status: resp.StatusCode, Message: f.words(),
		Properties:    f.properties(),
		CorrelationID: orString(string(f.CorrelationID), resp.Header.Get("X-Hubspot-Correlation-Id")),
		RetryAfter:    retryAfter(resp.Header),
	}
	if e.Kind == connector.ErrInvalid && f.isConflict() { //nolint:errorlint // kinds are compared by identity
		e.Kind = connector.ErrConflict
	}
	c.sayWait(e, r, resp, f)
	return e
}

// sayWait adds how long to wait, and for how long what holds (hubspot-api 4).
func (c *Client) sayWait(e *connector.Error, r request, resp *http.Response, f fault) {
	limited := resp.StatusCode == http.StatusTooManyRequests
	if e.Kind == connector.ErrInvalid && f.isRateLimit() { //nolint:errorlint // kinds are compared by identity
		e.Kind, limited = connector.ErrThrottled, true
	}
	if limited {
		e.Policy = f.policy(r.endpoint.bucket())
		if e.Policy == policyDaily {
			wait, words := c.untilReset()
			e.RetryAfter, e.Message = max(e.RetryAfter, wait), e.Message+words
		} else if e.RetryAfter == 0 {
			e.RetryAfter = throttleWait(resp.Header, e.Policy, 1)
		}
		return
	}
	switch resp.StatusCode {
	case http.StatusLocked:
		e.RetryAfter = max(e.RetryAfter, lockedWait)
	case statusAccountMoving:
		e.RetryAfter = min(max(e.RetryAfter, time.Minute), 24*time.Hour)
		e.Message = strings.TrimSpace(e.Message + " (HubSpot moves the account to another data centre)")
	case 522, 525, 526:
		e.Message = strings.TrimSpace(e.Message + " (unusual: HubSpot's edge cannot reach HubSpot; if it lasts, see status.hubspot.com)")
	}
}

func statusKind(status int, effect effect) error {
	switch status {
	case http.StatusUnauthorized:
		return connector.ErrUnauthorized
	case http.StatusForbidden:
		return connector.ErrForbidden
	case http.StatusNotFound, http.StatusGone:
		return connector.ErrNotFound
	case http.StatusConflict:
		return connector.ErrConflict
	case http.StatusTooManyRequests, statusAccountMoving:
		return connector.ErrThrottled
	case http.StatusLocked:
		return unlessCreating(effect, connector.ErrThrottled)
	case http.StatusRequestTimeout:
		return unlessCreating(effect, connector.ErrUnavailable)
	}
	if status >= 500 {
		return unlessCreating(effect, connector.ErrUnavailable)
	}
	return connector.ErrInvalid
}

// unlessCreating is kind, but for a creation nobody knows whether HubSpot did it (hubspot-api 7.3).
func unlessCreating(effect effect, kind error) error {
	if effect == creates {
		return connector.ErrAmbiguous
	}
	return kind
}

// unreadableError is for an answer that says success and cannot be read: a write may have happened.
func unreadableError(r request, resp *http.Response) error {
	kind := connector.ErrAmbiguous
	if r.effect == reads {
		kind = connector.ErrUnavailable
	}
	return &connector.Error{
		Kind: kind, Op: r.op, Status: resp.StatusCode, Message: "the answer is not the expected JSON",
		CorrelationID: resp.Header.Get("X-Hubspot-Correlation-Id"),
	}
}
