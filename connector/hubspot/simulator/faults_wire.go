package simulator

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// statusMoved is HubSpot's own: the account is being moved to another data center.
const statusMoved = 477

// movingFor is how long a move takes when the fault does not say.
const movingFor = 10 * time.Second

// faultBefore answers for faults that keep the request from being applied.
func (c *call) faultBefore() (answer, bool) {
	ans, hit := c.refusal()
	ans.retry = c.fault.RetryAfter
	if c.fault.Kind == FaultMoving && ans.retry == 0 {
		ans.retry = movingFor // always sent with 477 (hubspot-api 4)
	}
	return ans, hit
}

func (c *call) refusal() (answer, bool) {
	if policy, ok := throttles()[c.fault.Kind]; ok {
		return c.throttled(policy), true
	}
	switch c.fault.Kind { //nolint:exhaustive // the others are a plain status, or apply the request
	case FaultLocked:
		return c.fail(http.StatusLocked, apiError{Message: "The record is locked by another change. Try again in 2 seconds.", Category: "LOCKED"}), true
	case FaultMoving:
		return c.fail(statusMoved, apiError{Message: "The account is being moved to another data center.", Category: "MIGRATION_IN_PROGRESS"}), true
	case FaultExpired:
		return c.unauthorized("EXPIRED_AUTHENTICATION"), true
	case FaultRevoked:
		c.a.revoked = true
		return c.unauthorized("INVALID_AUTHENTICATION"), true
	case FaultHTML:
		return htmlAnswer(http.StatusBadGateway), true
	case FaultHTMLOK:
		return htmlAnswer(http.StatusOK), true
	case FaultEmpty:
		return c.finish(http.StatusMultiStatus, nil, nil), true
	case FaultReset:
		return answer{}, true
	}
	return c.plainFailure()
}

// plainFailure answers for the kinds that are a status: those of the network in
// front are pages, HubSpot's own have a body.
func (c *call) plainFailure() (answer, bool) {
	status, err := strconv.Atoi(string(c.fault.Kind))
	switch {
	case err != nil:
		return answer{}, false
	case status > 520:
		return htmlAnswer(status), true
	}
	return c.serverError(status), true
}

// faultAfter spoils the answer of a request that was applied.
func (c *call) faultAfter(ans answer) answer {
	switch c.fault.Kind { //nolint:exhaustive // the others leave the answer as it is
	case FaultApplied500:
		return c.serverError(http.StatusInternalServerError)
	case FaultAppliedHTML:
		return htmlAnswer(http.StatusBadGateway)
	case FaultAppliedEmpty:
		return c.finish(http.StatusMultiStatus, nil, nil)
	case FaultAppliedHalf:
		ans.cut = len(ans.body) / 2
	case FaultNumbers:
		ans.body = numbersInPlace(ans.body)
	}
	return ans
}

func throttles() map[FaultKind]string {
	return map[FaultKind]string{FaultRateTen: policyTen, FaultRateSecond: policySecondly, FaultRateDaily: policyDaily}
}

func (c *call) unauthorized(category string) answer {
	ans := c.fail(http.StatusUnauthorized, apiError{
		Message: "The access token is missing, expired or revoked. Send a valid one as a bearer token.", Category: category,
	})
	ans.bare = true
	return ans
}

func htmlAnswer(status int) answer {
	name := http.StatusText(status)
	if name == "" {
		name = "Web server is unreachable"
	}
	code := strconv.Itoa(status)
	return answer{status: status, html: true, body: page(code+" "+name, code, name)}
}

// plainNumber is what can stand in JSON as a number and mean the same.
var plainNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,14})(\.[0-9]+)?$`)

// numbersInPlace turns every string that is a number into one. The order of
// members is not kept.
func numbersInPlace(body []byte) []byte {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return body // a page
	}
	out, err := json.Marshal(numbered(v, ""))
	if err != nil {
		return body
	}
	return out
}

// numbered leaves cursors and trace ids alone: they are opaque strings.
func numbered(v any, name string) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			v[k] = numbered(x, k)
		}
	case []any:
		for i, x := range v {
			v[i] = numbered(x, name)
		}
	case string:
		if plainNumber.MatchString(v) && name != "after" && !strings.HasSuffix(name, "TraceId") {
			return json.Number(v)
		}
	}
	return v
}

// underFaults carries the call out as far as the script of faults lets it.
func (c *call) underFaults(rt route, endpoint string) answer {
	if f, ok := c.a.faults.request(endpoint); ok {
		c.fault = f
	}
	ans, hit := c.faultBefore()
	switch {
	case hit:
	case c.fault.Kind == FaultLate:
		ans.later = true
	default:
		ans = c.faultAfter(rt.do(c))
	}
	return ans
}
