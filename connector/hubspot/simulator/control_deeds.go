package simulator

import "fmt"

// marketing plays {"kind": "click|open|reply|send|bounce|opt-out|pages"} on a
// contact; with {"id": a mail from sales} clicks and opens are of that one.
func (c control) marketing() (any, error) {
	return c.did(func(o order) error {
		switch o.Kind {
		case "click":
			if o.ID != "" {
				return c.a.ClickOneToOne(o.ID, o.At)
			}
			return c.a.ClickMail(o.Contact, o.At)
		case "open":
			if o.ID != "" {
				return c.a.OpenOneToOne(o.ID, o.At)
			}
			return c.a.OpenMail(o.Contact, o.At)
		case "reply":
			return c.a.ReplyMail(o.Contact, o.At)
		case "send":
			return c.a.SendMail(o.Contact, o.At)
		case "bounce":
			return c.a.BounceMail(o.Contact, orString(o.Reason, "UNKNOWN_USER"))
		case "opt-out":
			return c.a.OptOut(o.Contact)
		case "pages":
			return c.a.ViewPages(o.Contact, max(1, o.Pages), o.At)
		}
		return fmt.Errorf("kind %q: use click, open, reply, send, bounce, opt-out or pages: %w", o.Kind, ErrInvalid)
	})
}

// logEmail logs a one-to-one mail: {"direction": "EMAIL" or "INCOMING_EMAIL", "status": "SENT"}.
func (c control) logEmail() (any, error) {
	return c.made(func(o order) (string, error) {
		return c.a.LogEmail(o.Actor, o.Contact, Email{At: o.At, Direction: o.Direction, Status: o.Status, Subject: o.Subject})
	})
}

func (c control) note() (any, error) {
	return c.made(func(o order) (string, error) { return c.a.AddNote(o.Actor, o.Contact, o.Text, o.At) })
}

func (c control) message() (any, error) {
	return c.made(func(o order) (string, error) {
		return c.a.LogMessage(o.Actor, o.Contact, Message{At: o.At, Channel: o.Channel, Text: o.Text})
	})
}

func (c control) loseDeal() (any, error) {
	return c.did(func(o order) error { return c.a.LoseDeal(o.Actor, c.r.PathValue("id")) })
}

func (c control) restore() (any, error) {
	return c.did(func(o order) error { return c.a.Restore(o.Actor, orString(o.Type, Contacts), o.ID) })
}

// associate links {"type", "id"} with each of "links" by the default kind.
func (c control) associate() (any, error) { return c.join(c.a.Associate) }

func (c control) disassociate() (any, error) { return c.join(c.a.Disassociate) }

func (c control) join(do func(by Actor, fromType, fromID, toType, toID string) error) (any, error) {
	return c.did(func(o order) error {
		if len(o.Links) == 0 {
			return fmt.Errorf("links: name at least one {\"type\", \"id\"}: %w", ErrInvalid)
		}
		for _, l := range o.Links {
			if err := do(o.Actor, orString(o.Type, Contacts), o.ID, l.Type, l.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// script adds faults in words: {"text": "on the 3rd POST ...: apply, then reset"}; see ParseScript.
func (c control) script() (any, error) {
	var in struct {
		Text string `json:"text"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	ids, err := c.a.faults.AddScript("text", in.Text)
	if ids == nil {
		ids = []int{}
	}
	return map[string][]int{"ids": ids}, err
}

func (c control) showAutomation() (any, error) { return c.a.Automation(), nil }

// setAutomation changes what is named and leaves the rest.
func (c control) setAutomation() (any, error) {
	in := c.a.Automation()
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if err := c.a.SetAutomation(in); err != nil {
		return nil, err
	}
	return in, nil
}

// addRule makes an admins' rule: a conditional one, or with "require" alone one for all new records.
func (c control) addRule() (any, error) {
	var in ConditionalRule
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if in.When == "" {
		typ, err := c.a.typeOf(in.Type)
		if err != nil {
			return nil, err
		}
		c.a.RequireProperties(typ, in.Require...)
		return in, nil
	}
	return in, c.a.AddConditionalRule(in)
}

func (c control) webhookReport() (any, error) { return c.a.WebhookReport(), nil }

func (c control) lost() (any, error) {
	out := c.a.LostEvents()
	if out == nil {
		out = []LostEvent{}
	}
	return out, nil
}
