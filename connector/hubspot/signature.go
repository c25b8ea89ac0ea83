package hubspot

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Refusals of Verifier.Verify. They say nothing about the secret or the body.
var (
	// ErrSignatureMissing: the request has no v3 signature.
	ErrSignatureMissing = errors.New("webhook signature is missing")
	// ErrSignatureWrong: no configured secret gives this signature, or none is configured.
	ErrSignatureWrong = errors.New("webhook signature is wrong")
	// ErrTimestamp: the time of the request is missing, malformed, too old or in the future.
	ErrTimestamp = errors.New("webhook timestamp is missing, malformed or out of range")
)

const (
	signatureHeader = "X-Hubspot-Signature-V3"
	timestampHeader = "X-Hubspot-Request-Timestamp"

	oldestSignature = 300_000 * time.Millisecond
	newestSignature = 5 * time.Minute // our own hardening
)

// signatureForm is 32 bytes in base64 with padding.
var signatureForm = regexp.MustCompile(`^[A-Za-z0-9+/]{43}=$`)

// timestampForm is milliseconds since the epoch (hubspot-api 3.5).
var timestampForm = regexp.MustCompile(`^[0-9]{13}$`)

// Verifier checks version 3 of HubSpot's webhook signature (hubspot-api 3.5). Versions 1 and 2 have no
// replay protection and are refused.
type Verifier struct {
	// Secrets are the client secrets that count; two while one is being replaced. Without any, and for empty
	// ones, everything is refused.
	Secrets []string
	// TargetURL is the address as configured at HubSpot, scheme and host included: behind a proxy the request
	// does not know it. If it has a query, the query of the request is not looked at.
	TargetURL string
	Now       func() time.Time // operating time
}

// Verify checks one request; requestQuery is its raw query without the question mark. It returns nil,
// ErrSignatureMissing, ErrSignatureWrong or ErrTimestamp. The time it takes does not depend on how much of the
// signature is right.
func (v Verifier) Verify(method string, header http.Header, body []byte, requestQuery string) error {
	if err := v.Head(header); err != nil {
		return err
	}
	signature, stamp, right := []byte(header.Get(signatureHeader)), header.Get(timestampHeader), false
	for _, secret := range v.Secrets {
		if secret == "" {
			continue
		}
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(method)) // as it came: methods are case-sensitive (RFC 9110 9.1)
		mac.Write([]byte(v.signedURI(requestQuery)))
		mac.Write(body)
		mac.Write([]byte(stamp))
		// The text is compared, not what it decodes to: several texts decode to the same bytes. Every secret is
		// tried, so that the time does not tell which of them it was.
		if hmac.Equal([]byte(base64.StdEncoding.EncodeToString(mac.Sum(nil))), signature) {
			right = true
		}
	}
	if !right {
		return ErrSignatureWrong
	}
	return nil
}

// Head looks at what is known of a request before its body has been read: whether there is one signature of the right
// form and one time in range. Its errors are those of Verify.
func (v Verifier) Head(header http.Header) error {
	given, times := header.Values(signatureHeader), header.Values(timestampHeader)
	switch {
	case len(given) == 0:
		return ErrSignatureMissing
	case len(times) != 1 || !v.timely(times[0]):
		return ErrTimestamp
	case len(given) != 1 || !signatureForm.MatchString(given[0]):
		return ErrSignatureWrong
	}
	return nil
}

func (v Verifier) timely(stamp string) bool {
	if !timestampForm.MatchString(stamp) || v.Now == nil {
		return false
	}
	ms, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return false
	}
	age := v.Now().Sub(time.UnixMilli(ms))
	return age <= oldestSignature && age >= -newestSignature
}

// signedURI is the address as it went into the signature: twelve escapes decoded once, all others as sent.
func (v Verifier) signedURI(requestQuery string) string {
	uri := v.TargetURL
	if requestQuery != "" && !strings.Contains(uri, "?") {
		uri += "?" + requestQuery
	}
	if !strings.Contains(uri, "%") {
		return uri
	}
	return strings.NewReplacer(
		"%3A", ":", "%2F", "/", "%3F", "?", "%40", "@", "%21", "!", "%24", "$",
		"%27", "'", "%28", "(", "%29", ")", "%2A", "*", "%2C", ",", "%3B", ";",
	).Replace(uri)
}
