package service

import (
	"errors"
	"io"
	"net/http"

	"leadsync/connector"
	"leadsync/connector/hubspot"
)

// Outcomes of webhook requests, as the metric's label and the log's reason.
const (
	webhookStored    = "stored"
	webhookTooLarge  = "body_too_large"
	webhookUnread    = "body_unreadable"
	webhookUnsigned  = "signature_missing"
	webhookForged    = "signature_wrong"
	webhookStale     = "timestamp_refused"
	webhookMalformed = "malformed"
	webhookForeign   = "foreign_portal"
	webhookNotStored = "not_stored"
)

// webhook takes one request of HubSpot: bounds the body, verifies the signature over the raw bytes, decodes,
// stores, and only then answers 2xx. It fails closed: 413 over the limit, 401 for a missing, wrong or stale
// signature, 400 for what is not an array of events, 503 if it could not be stored (HubSpot delivers again).
// Nothing of a refused request is stored, and none of its content is logged.
func (s *Service) webhook(w http.ResponseWriter, r *http.Request) {
	limit := s.Config.Limits.BodyBytes
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		s.refuse(w, r, http.StatusRequestEntityTooLarge, webhookTooLarge)
		return
	case err != nil:
		s.refuse(w, r, http.StatusBadRequest, webhookUnread)
		return
	}
	signers, reason := s.signers(r, body)
	if len(signers) == 0 {
		s.refuse(w, r, http.StatusUnauthorized, reason)
		return
	}
	events, err := hubspot.DecodeEvents(body, hubspot.EventLimits{Bytes: int(limit)})
	if err != nil {
		s.refuse(w, r, http.StatusBadRequest, webhookMalformed)
		return
	}
	own := events[:0]
	for _, e := range events {
		if signers[e.Portal] { // an app's secret speaks for its own portals only
			own = append(own, e)
			continue
		}
		s.metrics.webhooks.WithLabelValues(webhookForeign).Inc()
	}
	got, err := s.receiver.Receive(r.Context(), body, own)
	if err != nil {
		s.Log.Error("webhook not stored", "reason", webhookNotStored, "error", err)
		s.metrics.webhooks.WithLabelValues(webhookNotStored).Inc()
		http.Error(w, "not stored, deliver again", http.StatusServiceUnavailable)
		return
	}
	s.metrics.received(got)
	s.metrics.webhooks.WithLabelValues(webhookStored).Inc()
	w.WriteHeader(http.StatusNoContent)
}

// signers are the portals whose app signed the request; if there are none, why not.
func (s *Service) signers(r *http.Request, body []byte) (map[connector.PortalID]bool, string) {
	signers, reason := map[connector.PortalID]bool{}, webhookForged
	for _, run := range s.order {
		if run.conn.Verifier == nil {
			continue
		}
		err := run.conn.Verifier.Verify(r.Method, r.Header, body, r.URL.RawQuery)
		switch {
		case err == nil:
			signers[run.cfg.Account] = true
		case errors.Is(err, hubspot.ErrSignatureMissing):
			reason = webhookUnsigned
		case errors.Is(err, hubspot.ErrTimestamp):
			reason = webhookStale
		}
	}
	return signers, reason
}

func (s *Service) refuse(w http.ResponseWriter, r *http.Request, status int, reason string) {
	s.metrics.webhooks.WithLabelValues(reason).Inc()
	s.Log.Warn("webhook refused", "reason", reason, "status", status, "bytes", r.ContentLength)
	http.Error(w, reason, status)
}
