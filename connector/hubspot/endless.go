package hubspot

import (
	"encoding/json"

	"leadsync/connector"
)

const (
	// mostLongPages is the end of listings that can be long: members of a list, links of a thousand records.
	mostLongPages = 10_000
	// answerDepth is how deep an answer may nest. What HubSpot sends is nested six deep at most; what is read entry by
	// entry would cost the square of the depth.
	answerDepth = 64
)

// endless is the error of a listing that names a next page again and again.
func endless(op string) error {
	return &connector.Error{Kind: connector.ErrUnavailable, Op: op, Message: "the listing does not end"}
}

// tooDeep reports whether a body nests deeper than any answer.
func tooDeep(body []byte) bool { return depth(body) > answerDepth }

// understood decodes an answer, unless it nests deeper than any.
func understood(body []byte, out any) bool { return !tooDeep(body) && json.Unmarshal(body, out) == nil }
