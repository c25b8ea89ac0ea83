package service

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/workflows"
)

// Outcomes of webhook requests, as the metric's label and the log's reason.
const (
	webhookStored    = "stored"
	webhookTooLarge  = "body_too_large"
	webhookUnread    = "body_unreadable"
	webhookEncoded   = "content_encoding"
	webhookUnsigned  = "signature_missing"
	webhookForged    = "signature_wrong"
	webhookStale     = "timestamp_refused"
	webhookMalformed = "malformed"
	webhookForeign   = "foreign_portal"
	webhookNotStored = "not_stored"
	webhookBusy      = "busy"
)

// webhook takes one request of HubSpot: bounds the body, verifies the signature over the raw bytes, decodes,
// stores, and only then answers 2xx. It fails closed: 413 over the limit, 401 for a missing, wrong or stale
// signature, 400 for what is not an array of events, 503 if it could not be stored (HubSpot delivers again).
// Nothing of a refused request is stored, and none of its content is logged.
func (s *Service) webhook(w http.ResponseWriter, r *http.Request) {
	if status, reason := s.unwanted(r); status != 0 {
		s.refuse(w, r, status, reason)
		return
	}
	body, ok := s.body(w, r)
	if !ok {
		return
	}
	signers, reason := s.signers(r, body)
	if len(signers) == 0 {
		s.refuse(w, r, http.StatusUnauthorized, reason)
		return
	}
	events, err := hubspot.DecodeEvents(body, hubspot.EventLimits{Bytes: int(s.Config.Limits.BodyBytes)})
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
	got, err := inTime(r.Context(), func(ctx context.Context) (workflows.Received, error) { return s.receiver.Receive(ctx, body, own) })
	if err != nil {
		w.Header().Set("Retry-After", retryAfter)
		s.Log.Error("webhook not stored", "reason", webhookNotStored, "error", err)
		s.metrics.webhooks.WithLabelValues(webhookNotStored).Inc()
		http.Error(w, "not stored, deliver again", http.StatusServiceUnavailable)
		return
	}
	s.metrics.received(got)
	s.metrics.webhooks.WithLabelValues(webhookStored).Inc()
	w.WriteHeader(http.StatusNoContent)
}

// body reads the body to its end, within its limit, and waits for its turn; if it could not, it has answered.
func (s *Service) body(w http.ResponseWriter, r *http.Request) (body []byte, ok bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.Config.Limits.BodyBytes))
	if err == nil {
		if turn(r.Context()) != nil {
			s.busy(w, r)
			return nil, false
		}
		return body, true
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		s.refuse(w, r, http.StatusRequestEntityTooLarge, webhookTooLarge)
	case errors.Is(err, errBusy) || r.Context().Err() != nil:
		s.busy(w, r)
	default:
		s.refuse(w, r, http.StatusBadRequest, webhookUnread)
	}
	return nil, false
}

// signers are the portals whose app signed the request; if there are none, why not.
func (s *Service) signers(r *http.Request, body []byte) (map[connector.PortalID]bool, string) {
	signers, reason := map[connector.PortalID]bool{}, webhookForged
	tried := map[string]error{} // portals of one app share its secret: the body is hashed once for all of them
	for _, run := range s.order {
		if run.conn.Verifier == nil {
			continue
		}
		app := strings.Join(append([]string{run.conn.Verifier.TargetURL}, run.conn.Verifier.Secrets...), "\x00")
		err, known := tried[app]
		if !known {
			err = run.conn.Verifier.Verify(r.Method, r.Header, body, r.URL.RawQuery)
			tried[app] = err
		}
		if err == nil {
			signers[run.cfg.Account] = true
			continue
		}
		reason = signatureReason(err)
	}
	return signers, reason
}

func (s *Service) refuse(w http.ResponseWriter, r *http.Request, status int, reason string) {
	s.metrics.webhooks.WithLabelValues(reason).Inc()
	s.Log.Warn("webhook refused", "reason", reason, "status", status, "bytes", r.ContentLength)
	http.Error(w, reason, status)
}
