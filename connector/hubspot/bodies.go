package hubspot

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// taskBody is the body of a task, in which our marker stands where the account refuses unique properties.
const taskBody = "hs_task_body"

// bodyProperty names what people wrote to each other or about each other. leadsync never reads it.
var bodyProperty = regexp.MustCompile(
	`(?i)^hs_(\w*_body|body_preview\w*|email_(text|html|headers)\w*|\w*transcript\w*|call_summary|internal_meeting_notes)$`)

// refuseBodies is the one place through which every read goes on its way to the wire: a request that names the
// body of a mail, note, message, call or meeting anywhere, as a property, in a history, a filter or a sorting,
// is not sent. The only exception is the body of our own tasks, when a marker is looked for.
func (r request) refuseBodies(encoded []byte) error {
	if r.effect != reads {
		return nil
	}
	for _, values := range r.query {
		for _, value := range values {
			for name := range strings.SplitSeq(value, ",") {
				if err := r.refuseBody(name); err != nil {
					return err
				}
			}
		}
	}
	if encoded == nil {
		return nil
	}
	var body any
	if err := json.Unmarshal(encoded, &body); err != nil {
		return fmt.Errorf("check request for bodies: %w", err)
	}
	return r.refuseWithin(body)
}

func (r request) refuseWithin(v any) error {
	switch v := v.(type) {
	case string:
		return r.refuseBody(v)
	case []any:
		for _, one := range v {
			if err := r.refuseWithin(one); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, one := range v {
			if err := r.refuseWithin(one); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r request) refuseBody(name string) error {
	name = strings.TrimSpace(name)
	if !bodyProperty.MatchString(name) || r.markers && name == taskBody {
		return nil
	}
	return fmt.Errorf("property %q holds what people wrote; it is never read", name)
}
