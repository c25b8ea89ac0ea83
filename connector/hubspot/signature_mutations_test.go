package hubspot_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"leadsync/connector/hubspot"
)

// signedRequest is a delivery in the parts that are signed, and its signature.
type signedRequest struct{ method, target, query, body, stamp, signature string }

// parts are what an attacker can change.
func (s *signedRequest) parts() map[string]*string {
	return map[string]*string{
		"method": &s.method, "address": &s.target, "query": &s.query, "body": &s.body, "timestamp": &s.stamp, "signature": &s.signature,
	}
}

func sign(secret, method, uri, body, stamp string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(method + uri + body + stamp))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// deliver makes a rightly signed request of random content.
func deliver(dice *rand.Rand, secret string) signedRequest {
	s := signedRequest{method: "POST", target: targetLS, body: body1, stamp: strconv.FormatInt(1790000000000+dice.Int64N(2e5), 10)}
	uri := s.target
	if dice.IntN(2) == 0 {
		s.query = fmt.Sprintf("app=%d&x=%%28a%%29&y=%%20", dice.IntN(1e6))
		uri += fmt.Sprintf("?app=%s&x=(a)&y=%%20", s.query[len("app="):len(s.query)-len("&x=%28a%29&y=%20")])
	}
	if dice.IntN(3) == 0 {
		s.body = fmt.Sprintf(`[{"portalId":33,"subscriptionType":"contact.creation","objectId":%d}]`, dice.Int64N(1e12))
	}
	s.signature = sign(secret, s.method, uri, s.body, s.stamp)
	return s
}

// accepted asks a verifier with two secrets, as while one is being replaced.
func (s *signedRequest) accepted(secrets ...string) bool {
	v := hubspot.Verifier{Secrets: secrets, TargetURL: s.target, Now: func() time.Time { return time.UnixMilli(1790000100000) }}
	h := http.Header{}
	h.Set("X-HubSpot-Signature-v3", s.signature)
	h.Set("X-HubSpot-Request-Timestamp", s.stamp)
	return v.Verify(s.method, h, []byte(s.body), s.query) == nil
}

// TestSignatureMutations turns one bit in one part of a signed request, and never is the result accepted.
// LEADSYNC_MUTATIONS says how many are tried.
func TestSignatureMutations(t *testing.T) {
	tries := 5000
	if text := os.Getenv("LEADSYNC_MUTATIONS"); text != "" {
		var err error
		if tries, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	dice := rand.New(rand.NewPCG(6, 6))
	tried := map[string]int{}
	for total := 0; total < tries; {
		secret := fmt.Sprintf("client-secret-%d", dice.Uint64())
		request := deliver(dice, secret)
		if !request.accepted(secret, "the-new-secret") || !request.accepted("the-old-secret", secret) {
			t.Fatalf("refused as it is: %+v", request)
		}
		for name, part := range request.parts() {
			whole := *part
			for range min(100, 8*len(whole)) {
				bit := dice.IntN(8 * len(whole))
				changed := []byte(whole)
				changed[bit/8] ^= 1 << (bit % 8)
				*part = string(changed)
				if request.accepted(secret, "the-new-secret") {
					t.Errorf("bit %d of the %s changed, and still accepted: %+v", bit, name, request)
				}
				total++
				tried[name]++
			}
			*part = whole
		}
	}
	if len(tried) != 6 {
		t.Errorf("not every part was changed: %v", tried)
	}
	t.Logf("one-bit changes tried, none accepted: %v", tried)
}

// TestSignatureTime compares how long two kinds of wrong signatures take: wrong in the first letter, and right but for
// the last one. A comparison that stops at the first difference tells them apart. LEADSYNC_TIMINGS says how many
// are measured; only from 100,000 on the result counts, because a few say nothing.
func TestSignatureTime(t *testing.T) {
	rounds := 200
	if text := os.Getenv("LEADSYNC_TIMINGS"); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	dice := rand.New(rand.NewPCG(7, 7))
	request := deliver(dice, secretLS)
	right := request.signature
	wrong := [2]string{"!" + right[1:], right[:len(right)-2] + "!="}
	var n, mean, m2 [2]float64
	for range rounds {
		which := dice.IntN(2)
		request.signature = wrong[which]
		begin := time.Now()
		for range 8 {
			if request.accepted(secretLS) {
				t.Fatal("accepted")
			}
		}
		took := float64(time.Since(begin).Nanoseconds())
		if took > 100_000 { // the machine did something else meanwhile
			continue
		}
		n[which]++
		delta := took - mean[which]
		mean[which] += delta / n[which]
		m2[which] += delta * (took - mean[which])
	}
	score := (mean[0] - mean[1]) / math.Sqrt(m2[0]/(n[0]*(n[0]-1))+m2[1]/(n[1]*(n[1]-1)))
	t.Logf("wrong at the beginning %.0f ns, at the end %.0f ns, t = %.2f of %.0f", mean[0]/8, mean[1]/8, score, n[0]+n[1])
	if rounds >= 100_000 && math.Abs(score) > 4.5 {
		t.Errorf("the time tells how much of a signature is right: t = %.2f", score)
	}
}
