package service

import (
	"errors"
	"net/http"

	"leadsync/connector/hubspot"
)

// unwanted says why a request is refused by what its header says, before anything of its body is read: it is
// compressed (HubSpot never does that, and a small body could become a large one), it says itself that it is too large,
// or nothing that it could bring would be rightly signed. Status 0: it may be read.
func (s *Service) unwanted(r *http.Request) (status int, reason string) {
	if codings := r.Header.Values("Content-Encoding"); len(codings) > 0 {
		return http.StatusUnsupportedMediaType, webhookEncoded
	}
	if r.ContentLength > s.Config.Limits.BodyBytes {
		return http.StatusRequestEntityTooLarge, webhookTooLarge
	}
	reason = webhookForged
	for _, run := range s.order {
		if run.conn.Verifier == nil {
			continue
		}
		err := run.conn.Verifier.Head(r.Header)
		if err == nil {
			return 0, ""
		}
		reason = signatureReason(err)
	}
	return http.StatusUnauthorized, reason
}

// signatureReason is a refusal of the verifier as the metric's label.
func signatureReason(err error) string {
	switch {
	case errors.Is(err, hubspot.ErrSignatureMissing):
		return webhookUnsigned
	case errors.Is(err, hubspot.ErrTimestamp):
		return webhookStale
	default:
		return webhookForged
	}
}
