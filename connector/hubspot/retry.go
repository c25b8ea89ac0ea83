package hubspot

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"leadsync/connector"
)

const (
	// longestWait is the longest wait between two attempts of one call; longer ones are the caller's.
	longestWait = 5 * time.Second
	lockedWait  = 2 * time.Second // 423: "wait at least 2 s" (hubspot-api 4)
	bodyLimit   = 4 << 20         // of an answer

	statusAccountMoving = 477
)

var (
	errBodyTooLarge = errors.New("answer is larger than 4 MiB")
	errNotSent      = errors.New("not sent")
	errToken        = errors.New("token is not available")
)

// exchange is the memory of one call over its attempts. Only one attempt runs at a time.
type exchange struct {
	request request
	attempt int
	body    []byte // of the last answer
	fault   fault
	wait    time.Duration // before the next attempt, as the last answer demands; 0: exponential
	renewed bool          // the token was renewed for this call; it is not done twice
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	x, ok := ctx.Value(exchangeKey{}).(*exchange)
	if !ok {
		return &exchange{request: request{effect: creates}} // unknown call: the careful kind
	}
	return x
}

func newRetrying(cfg Config, logger *slog.Logger, budgets *limits) *retryablehttp.Client {
	return retrying(retries{wait: cfg.RetryWait, attempts: cfg.Attempts, jitter: cfg.Jitter}, &attempts{
		next: wire(cfg.Transport, cfg.BaseURL), token: cfg.Token, renew: cfg.Renew, now: cfg.Now, observe: cfg.Observe, logger: logger,
		limits: budgets, timeout: orDuration(cfg.Timeout, defaultTimeout), circuit: cfg.Circuit,
	})
}

// wire is the transport of a configuration, or one of its own.
func wire(transport http.RoundTripper, base string) http.RoundTripper {
	if transport != nil {
		return transport
	}
	own, err := NewTransport(Egress{BaseURL: base, Reach: ReachOf(base)})
	if err != nil {
		return noWire{err}
	}
	return own
}

// noWire is the wire where none could be made.
type noWire struct{ err error }

// RoundTrip says why.
func (n noWire) RoundTrip(req *http.Request) (*http.Response, error) {
	closeBody(req)
	return nil, errors.Join(errNotSent, n.err)
}

// retries is what of the retry policy can be set.
type retries struct {
	wait     time.Duration
	attempts int
	jitter   func() float64
}

// stay follows no redirect: it would carry the token or the secret to wherever it points.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// retrying is the one retry policy, over a transport that makes one attempt.
func retrying(set retries, attempt http.RoundTripper) *retryablehttp.Client {
	r := &retryablehttp.Client{
		HTTPClient:   &http.Client{Transport: attempt, CheckRedirect: stay},
		RetryWaitMin: orDuration(set.wait, defaultRetryWait),
		RetryWaitMax: longestWait,
		RetryMax:     defaultAttempts - 1,
		CheckRetry:   checkRetry,
		Backoff:      backoff(set.jitter),
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
		// Logger stays nil: it would log the URL with its query; attempts logs the template instead.
	}
	if set.attempts > 0 {
		r.RetryMax = set.attempts - 1
	}
	return r
}

func orDuration(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// checkRetry decides on another attempt: never when the caller gave up, never before a long wait, and for a
// creation only when HubSpot surely did not do it.
func checkRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	x := exchangeOf(ctx)
	x.wait = 0
	if ctx.Err() != nil {
		return false, nil //nolint:nilerr // do reports it with what is known about the call
	}
	if err != nil {
		return mayRepeat(x.request, err), nil
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		policy := x.fault.policy(x.request.endpoint.bucket())
		x.wait = throttleWait(resp.Header, policy, x.attempt)
		return policy != policyDaily && x.wait <= longestWait, nil
	case http.StatusLocked:
		x.wait = max(lockedWait, retryAfter(resp.Header))
		return x.request.effect != creates && x.wait <= longestWait, nil
	case http.StatusNotImplemented:
		return false, nil
	default:
		x.wait = retryAfter(resp.Header)
		return resp.StatusCode >= 500 && x.request.effect != creates && x.wait <= longestWait, nil
	}
}

// mayRepeat says whether an attempt without an answer can be made again and might fare better.
func mayRepeat(r request, err error) bool {
	if errors.Is(err, errToken) || errors.Is(err, errBodyTooLarge) || errors.Is(err, errNotSent) || errors.Is(err, ErrPrivateAddress) {
		return false
	}
	return r.effect != creates || surelyNotSent(err)
}

// backoff waits what the answer demands, else an exponential wait; jitter only lengthens the former.
func backoff(jitter func() float64) retryablehttp.Backoff {
	return func(shortest, longest time.Duration, attempt int, resp *http.Response) time.Duration {
		if resp != nil && resp.Request != nil {
			if wait := exchangeOf(resp.Request.Context()).wait; wait > 0 {
				return wait + time.Duration(jitter()*float64(shortest)/2)
			}
		}
		wait := min(shortest<<min(attempt, 16), longest)
		return wait/2 + time.Duration(jitter()*float64(wait)/2)
	}
}

// throttleWait is how long a 429 asks to wait (hubspot-api 4).
func throttleWait(h http.Header, policy string, attempt int) time.Duration {
	if after := retryAfter(h); after > 0 {
		return after
	}
	switch policy {
	case policySecondly:
		return time.Duration(max(attempt, 1)) * time.Second
	case policyDaily:
		return 24 * time.Hour // the caller gets the exact time from refusal; here it only has to be long
	default:
		return time.Duration(max(attempt, 1)) * 10 * time.Second
	}
}

// retryAfter reads Retry-After in seconds; HubSpot does not send dates. 0 if absent.
func retryAfter(h http.Header) time.Duration {
	s, err := strconv.ParseInt(strings.TrimSpace(h.Get("Retry-After")), 10, 32)
	if err != nil || s < 0 {
		return 0
	}
	return time.Duration(s) * time.Second
}

// surelyNotSent reports whether the request cannot have reached HubSpot: no connection was made.
func surelyNotSent(err error) bool {
	var dns *net.DNSError
	var op *net.OpError
	var cert *tls.CertificateVerificationError
	return errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &dns) || errors.As(err, &cert) ||
		errors.As(err, &op) && op.Op == "dial"
}

// attempts is the transport below the retry: it makes one attempt, so that every attempt pays the limiter.
type attempts struct {
	next    http.RoundTripper
	token   func(context.Context) (string, error)
	renew   func(context.Context, string) (string, error)
	now     func() time.Time
	observe func(Call)
	logger  *slog.Logger
	limits  *limits
	timeout time.Duration
	circuit Circuit
}

// RoundTrip makes one attempt, and once in a call a second one if HubSpot rejects a token that can be renewed:
// a 401 has surely changed nothing, so this holds for creations too.
func (a *attempts) RoundTrip(req *http.Request) (*http.Response, error) {
	x := exchangeOf(req.Context())
	resp, token, err := a.once(req, x)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || a.renew == nil || x.renewed {
		return resp, err
	}
	x.renewed = true
	if _, err := a.renew(req.Context(), token); err != nil {
		return nil, noToken(err)
	}
	again := req.Clone(req.Context())
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, errors.Join(errNotSent, err)
		}
		again.Body = body
	}
	resp, _, err = a.once(again, x)
	return resp, err
}

// once waits for the bucket, signs, sends and reads the whole answer within the timeout. It gives the token
// that was sent.
func (a *attempts) once(req *http.Request, x *exchange) (*http.Response, string, error) {
	x.attempt++
	x.body, x.fault = nil, fault{}
	call := Call{Endpoint: string(x.request.endpoint), Bucket: x.request.endpoint.bucket(), Purpose: connector.PurposeOf(req.Context())}
	begin := a.now()
	done, err := a.allow()
	if err != nil {
		closeBody(req)
		return nil, "", errors.Join(errNotSent, err)
	}
	answered, failed := (*http.Response)(nil), error(nil)
	ctx := req.Context()
	defer func() { done(ctx, answered, failed) }()
	if err := a.limits.wait(ctx, call.Bucket); err != nil {
		closeBody(req)
		return nil, "", errors.Join(errNotSent, err)
	}
	token, err := a.token(req.Context())
	if err != nil || token == "" {
		closeBody(req)
		return nil, "", noToken(err)
	}
	sent := a.now()
	call.Wait = sent.Sub(begin)
	resp, err := a.send(req, token, x)
	answered, failed = resp, err
	if leftOpen(x.request, resp, err) {
		connector.Unhear(ctx)
	}
	call.Took = a.now().Sub(sent)
	if resp != nil {
		call.Status = resp.StatusCode
		a.limits.learn(call.Bucket, resp, x.fault.policy(call.Bucket))
	}
	a.report(req.Context(), call)
	return resp, token, err
}

// leftOpen reports whether an attempt may have changed something, or may still do so, without our having heard of it. A
// server error may come from something in between, while what is behind it goes on.
func leftOpen(r request, resp *http.Response, err error) bool {
	if r.effect == reads {
		return false
	}
	if err != nil {
		return !errors.Is(err, errNotSent) && !surelyNotSent(err)
	}
	return resp.StatusCode >= 500 && resp.StatusCode != http.StatusNotImplemented
}

// noToken is errToken with the reason if it is one of ours; any other may quote the secret.
func noToken(err error) error {
	if known, ok := errors.AsType[*connector.Error](err); ok {
		return errors.Join(errToken, known)
	}
	return errToken
}

func (a *attempts) send(req *http.Request, token string, x *exchange) (*http.Response, error) {
	ctx, cancel, err := connector.Tenure(req.Context(), a.timeout)
	if err != nil {
		closeBody(req)
		return nil, errors.Join(errNotSent, err)
	}
	defer cancel()
	out := req.Clone(ctx)
	out.Header.Set("Authorization", "Bearer "+token)
	resp, err := a.next.RoundTrip(out)
	if err != nil {
		return nil, cutShort(ctx, err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to the end or given up
	body, err := io.ReadAll(io.LimitReader(resp.Body, bodyLimit+1))
	ok := resp.StatusCode >= 200 && resp.StatusCode <= 299
	if ok && err != nil {
		return nil, cutShort(ctx, err)
	}
	if ok && len(body) > bodyLimit {
		return nil, errBodyTooLarge
	}
	if !ok {
		body = body[:min(len(body), bodyLimit)]
		x.fault = decodeFault(body)
	}
	x.body = body
	resp.Body, resp.Request = http.NoBody, req
	return resp, nil
}

// cutShort tells an attempt that was given up because the lease may be over from one that had no answer.
func cutShort(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), connector.ErrTenure) {
		return fmt.Errorf("%w: %w", connector.ErrTenure, err)
	}
	return err // http.Client wraps it
}

func (a *attempts) report(ctx context.Context, call Call) {
	a.logger.DebugContext(ctx, "hubspot call", slog.String("endpoint", call.Endpoint), slog.Int("status", call.Status),
		slog.Duration("wait", call.Wait), slog.Duration("took", call.Took))
	if a.observe != nil {
		a.observe(call)
	}
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

// lostError says what a call without an answer means for what was asked.
func lostError(r request, err error) error {
	e := &connector.Error{Kind: connector.ErrUnavailable, Op: r.op, Message: "no answer", Err: cause(err)}
	switch {
	case errors.Is(err, errToken):
		e.Kind, e.Message, e.Err = connector.ErrUnauthorized, errToken.Error(), nil
		if why, ok := errors.AsType[*connector.Error](err); ok { // why there is none says what to do
			e.Kind, e.Status, e.RetryAfter, e.Err = why.Kind, why.Status, why.RetryAfter, why
		}
	case errors.Is(err, connector.ErrDown):
		e.Kind, e.Message, e.RetryAfter = connector.ErrDown, "not sent", 0
		if why, ok := errors.AsType[*connector.Error](err); ok {
			e.Message, e.RetryAfter, e.Err = "not sent: "+why.Message, why.RetryAfter, nil
		}
	case errors.Is(err, errNotSent), surelyNotSent(err):
		e.Message = "not sent"
	case r.effect != reads:
		e.Kind, e.Message = connector.ErrAmbiguous, "the answer was lost"
	case errors.Is(err, errBodyTooLarge):
		e.Kind, e.Message, e.Err = connector.ErrInvalid, errBodyTooLarge.Error(), nil
	}
	return e
}

// cause strips the URL, which has the query in it, from a transport error.
func cause(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
