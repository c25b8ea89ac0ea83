package hubspot_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"leadsync/connector/hubspot"
)

const (
	secretA  = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
	secretLS = "leadsync-test-client-secret-0001"
	targetA  = "https://www.example.com/webhook_uri"
	targetLS = "https://leadsync.example.com/webhooks/hubspot"

	body1 = `[{"eventId":3816279340,"subscriptionId":25,"portalId":33,"appId":1160452,"occurredAt":1790000000000,"subscriptionType":"contact.propertyChange","attemptNumber":0,"objectId":1246965,"propertyName":"lifecyclestage","propertyValue":"subscriber","changeSource":"ACADEMY","sourceId":"userId:111100000"}]`
	body2 = `[{"eventId":1,"subscriptionId":2,"portalId":33,"appId":4,"occurredAt":1790000000000,"subscriptionType":"object.propertyChange","attemptNumber":1,"objectId":874716779721,"objectTypeId":"0-1","propertyName":"firstname","propertyValue":"Zoë — café ☕","changeSource":"CRM_UI","sourceId":"userId:1"}]`
	body3 = `[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]`

	queryLS3 = "src=hs%3Aapp%2Fv3&x=%28a%29"
	signLS1  = "+8TXVGbNjedawo1ZK/t9PM7SrONKfyh5rdHUMeng3EQ="
)

// TestSignatureVectors plays every vector of hubspot-api 3.6.
func TestSignatureVectors(t *testing.T) {
	const bodyA = `{'example_field':'example_value'}`
	tests := []struct {
		name, secret, target, query, body, stamp, signature string
		header                                              string
		want                                                error
	}{
		{"A", secretA, targetA, "", bodyA, "1693657560000", "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=", "", nil},
		{"B", secretA, targetA, "", bodyA, "1700000300000", "RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw=", "", nil},
		{"LS-1", secretLS, targetLS, "", body1, "1790000001000", signLS1, "", nil},
		{"LS-2", secretLS, targetLS, "", body2, "1790000002000", "IRvDpY7/7/fZbsMhyYuMX6bOLWpcOh5bWTw4+9SvaCY=", "", nil},
		{"LS-3, query of the request", secretLS, targetLS, queryLS3, "[]", "1790000003000", "iRtm0GogVhxWG6zcI24nDAgBPTmso+2bmHlb2Yy1wis=", "", nil},
		{"LS-3, query configured", secretLS, targetLS + "?" + queryLS3, queryLS3, "[]", "1790000003000", "iRtm0GogVhxWG6zcI24nDAgBPTmso+2bmHlb2Yy1wis=", "", nil},
		{"LS-3n, not decoded", secretLS, targetLS, queryLS3, "[]", "1790000003000", "BA8q2NqyKYweeCAGXVcpAl2Dv0Q6h/GNT9N+o6mSSAQ=", "", hubspot.ErrSignatureWrong},
		{"C is version 1", secretA, targetA, "", body3, "1790000000000", "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de", "", hubspot.ErrSignatureWrong},
		{"C in its own header", secretA, targetA, "", body3, "1790000000000", "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de", "X-HubSpot-Signature", hubspot.ErrSignatureMissing},
		{"D is version 2", secretA, targetA, "", `{"example_field":"example_value"}`, "1790000000000", "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900", "", hubspot.ErrSignatureWrong},
		{"D in its own header", secretA, targetA, "", `{"example_field":"example_value"}`, "1790000000000", "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900", "X-HubSpot-Signature", hubspot.ErrSignatureMissing},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ms, err := strconv.ParseInt(tt.stamp, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			v := hubspot.Verifier{
				Secrets: []string{tt.secret}, TargetURL: tt.target,
				Now: func() time.Time { return time.UnixMilli(ms).Add(time.Minute) },
			}
			h := http.Header{}
			if tt.header == "" {
				tt.header = "X-HubSpot-Signature-v3"
			}
			h.Set(tt.header, tt.signature)
			h.Set("X-HubSpot-Request-Timestamp", tt.stamp)
			if got := v.Verify("POST", h, []byte(tt.body), tt.query); !errors.Is(got, tt.want) {
				t.Errorf("Verify = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestSignatureRefusals(t *testing.T) {
	sent := time.UnixMilli(1790000001000)
	tests := []struct {
		name   string
		change func(v *hubspot.Verifier, h http.Header, body *string, method *string)
		want   error
	}{
		{"as it is", func(*hubspot.Verifier, http.Header, *string, *string) {}, nil},
		{"method in lower case", func(_ *hubspot.Verifier, _ http.Header, _, m *string) { *m = "post" }, hubspot.ErrSignatureWrong},
		{"method in letters that only look like it", func(_ *hubspot.Verifier, _ http.Header, _, m *string) { *m = "PO\u017fT" }, hubspot.ErrSignatureWrong},
		{"the same bytes in another text", func(_ *hubspot.Verifier, h http.Header, _, _ *string) {
			h.Set("X-HubSpot-Signature-v3", strings.Replace(signLS1, "Q=", "R=", 1))
		}, hubspot.ErrSignatureWrong},
		{"second secret counts", func(v *hubspot.Verifier, _ http.Header, _, _ *string) { v.Secrets = []string{"new", secretLS} }, nil},
		{"exactly 300,000 ms old", func(v *hubspot.Verifier, _ http.Header, _, _ *string) {
			v.Now = func() time.Time { return sent.Add(300_000 * time.Millisecond) }
		}, nil},
		{"300,001 ms old", func(v *hubspot.Verifier, _ http.Header, _, _ *string) {
			v.Now = func() time.Time { return sent.Add(300_001 * time.Millisecond) }
		}, hubspot.ErrTimestamp},
		{"five minutes in the future", func(v *hubspot.Verifier, _ http.Header, _, _ *string) {
			v.Now = func() time.Time { return sent.Add(-5 * time.Minute) }
		}, nil},
		{"more than five minutes in the future", func(v *hubspot.Verifier, _ http.Header, _, _ *string) {
			v.Now = func() time.Time { return sent.Add(-5*time.Minute - time.Millisecond) }
		}, hubspot.ErrTimestamp},
		{"another method", func(_ *hubspot.Verifier, _ http.Header, _, m *string) { *m = "PUT" }, hubspot.ErrSignatureWrong},
		{"one byte of the body", func(_ *hubspot.Verifier, _ http.Header, b, _ *string) { *b += " " }, hubspot.ErrSignatureWrong},
		{"another address", func(v *hubspot.Verifier, _ http.Header, _, _ *string) { v.TargetURL += "/" }, hubspot.ErrSignatureWrong},
		{"no secret", func(v *hubspot.Verifier, _ http.Header, _, _ *string) { v.Secrets = nil }, hubspot.ErrSignatureWrong},
		{"empty secret", func(v *hubspot.Verifier, h http.Header, _, _ *string) {
			v.Secrets = []string{""}
			mac := hmac.New(sha256.New, nil) // rightly signed with the empty secret
			mac.Write([]byte("POST" + targetLS + body1 + "1790000001000"))
			h.Set("X-HubSpot-Signature-v3", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		}, hubspot.ErrSignatureWrong},
		{"no clock", func(v *hubspot.Verifier, _ http.Header, _, _ *string) { v.Now = nil }, hubspot.ErrTimestamp},
		{"no signature", func(_ *hubspot.Verifier, h http.Header, _, _ *string) { h.Del("X-HubSpot-Signature-v3") }, hubspot.ErrSignatureMissing},
		{"two signatures", func(_ *hubspot.Verifier, h http.Header, _, _ *string) { h.Add("X-HubSpot-Signature-v3", signLS1) }, hubspot.ErrSignatureWrong},
		{"unpadded signature", func(_ *hubspot.Verifier, h http.Header, _, _ *string) {
			h.Set("X-HubSpot-Signature-v3", signLS1[:len(signLS1)-1])
		}, hubspot.ErrSignatureWrong},
		{"no timestamp", func(_ *hubspot.Verifier, h http.Header, _, _ *string) { h.Del("X-HubSpot-Request-Timestamp") }, hubspot.ErrTimestamp},
		{"seconds", func(_ *hubspot.Verifier, h http.Header, _, _ *string) {
			h.Set("X-HubSpot-Request-Timestamp", "1790000001")
		}, hubspot.ErrTimestamp},
		{"words", func(_ *hubspot.Verifier, h http.Header, _, _ *string) { h.Set("X-HubSpot-Request-Timestamp", "NaN") }, hubspot.ErrTimestamp},
		{"line end", func(_ *hubspot.Verifier, h http.Header, _, _ *string) {
			h.Set("X-HubSpot-Request-Timestamp", "1790000001000\n")
		}, hubspot.ErrTimestamp},
		{"another timestamp", func(_ *hubspot.Verifier, h http.Header, _, _ *string) {
			h.Set("X-HubSpot-Request-Timestamp", "1790000001001")
		}, hubspot.ErrSignatureWrong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := hubspot.Verifier{Secrets: []string{secretLS}, TargetURL: targetLS, Now: func() time.Time { return sent }}
			h := http.Header{}
			h.Set("X-HubSpot-Signature-v3", signLS1)
			h.Set("X-HubSpot-Request-Timestamp", "1790000001000")
			body, method := body1, "POST"
			tt.change(&v, h, &body, &method)
			if got := v.Verify(method, h, []byte(body), ""); !errors.Is(got, tt.want) {
				t.Errorf("Verify = %v, want %v", got, tt.want)
			}
		})
	}
}
