package recorder

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind names what was replaced; it is a column of the report.
type kind string

const (
	kindID      kind = "id"
	kindName    kind = "name"
	kindMail    kind = "mail"
	kindDomain  kind = "domain"
	kindPhone   kind = "phone"
	kindText    kind = "text"
	kindURL     kind = "url"
	kindIP      kind = "ip"
	kindBirth   kind = "birth"
	kindGUID    kind = "guid"
	kindCursor  kind = "cursor"
	kindSecret  kind = "secret"
	kindHeader  kind = "header"
	kindPage    kind = "page"
	kindPayload kind = "payload"
)

// retries bounds the search for a replacement that nothing else has; in a space that is too small (a name of one
// letter) two originals then share one.
const retries = 60

var (
	mailPattern   = regexp.MustCompile(`[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+`)
	domainPattern = regexp.MustCompile(`^(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}$`)
	guidPattern   = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)
)

// inventor makes replacements. Within one recording the same original always gets the same replacement, another
// original another one; between recordings nothing agrees, because the key is random and forgotten.
type inventor struct {
	key    []byte
	made   map[kind]map[string]string // original → replacement
	taken  map[kind]map[string]bool   // replacements in use
	avoids func(word string) bool     // words of originals; nothing invented may look like them
}

func newInventor(key []byte) *inventor {
	return &inventor{
		key: key, made: map[kind]map[string]string{}, taken: map[kind]map[string]bool{},
		avoids: func(string) bool { return false },
	}
}

// dice is a stream of numbers drawn from the key and the original.
type dice struct {
	key     []byte
	seed    string
	counter uint64
	left    []byte
}

func (v *inventor) dice(k kind, original string, attempt int) *dice {
	return &dice{key: v.key, seed: string(k) + "\x00" + original, counter: uint64(attempt) << 32} //nolint:gosec // attempts are few
}

// roll is a number in [0,n).
func (d *dice) roll(n int) int {
	if len(d.left) < 4 {
		mac := hmac.New(sha256.New, d.key)
		_ = binary.Write(mac, binary.BigEndian, d.counter)
		mac.Write([]byte(d.seed))
		d.left = mac.Sum(nil)
		d.counter++
	}
	x := binary.BigEndian.Uint32(d.left)
	d.left = d.left[4:]
	return int(x % uint32(n)) //nolint:gosec // n is small and positive
}

// unique is the replacement of an original, made once.
func (v *inventor) unique(k kind, original string, draw func(*dice) string) string {
	if v.made[k] == nil {
		v.made[k], v.taken[k] = map[string]string{}, map[string]bool{}
	}
	if made, ok := v.made[k][original]; ok {
		return made
	}
	out := ""
	for attempt := range retries {
		out = draw(v.dice(k, original, attempt))
		if !v.taken[k][out] && !v.avoids(out) && out != original {
			break
		}
	}
	v.made[k][original], v.taken[k][out] = out, true
	return out
}

// word is a pronounceable word of n letters.
func (d *dice) word(n int) string {
	const consonants, vowels = "bdfgklmnprstvz", "aeiou"
	b := make([]byte, n)
	start := d.roll(2)
	for i := range b {
		if (i+start)%2 == 0 {
			b[i] = consonants[d.roll(len(consonants))]
		} else {
			b[i] = vowels[d.roll(len(vowels))]
		}
	}
	return string(b)
}

func (d *dice) digits(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "0123456789"[d.roll(10)]
	}
	return string(b)
}

// cased gives an invented word the capitals of its original.
func cased(word, original string) string {
	first, _ := utf8.DecodeRuneInString(original)
	switch {
	case utf8.RuneCountInString(original) > 1 && strings.ToUpper(original) == original:
		return strings.ToUpper(word)
	case unicode.IsUpper(first):
		return strings.ToUpper(word[:1]) + word[1:]
	}
	return word
}

// name replaces every word of a person's or company's name, the same word by the same word.
func (v *inventor) name(original string) string {
	return mapWords(original, func(word string) string {
		lower := strings.ToLower(word)
		n := min(max(utf8.RuneCountInString(word), 1), 12)
		return cased(v.unique(kindName, lower, func(d *dice) string { return d.word(n) }), word)
	})
}

// text replaces every word and number of a text; addresses in it become what they are elsewhere, and so do the
// names that known names.
func (v *inventor) text(original string, known func(word string) (string, bool)) string {
	d := v.dice(kindText, original, 0)
	return v.replaceMails(original, func(rest string) string {
		return mapWords(rest, func(word string) string {
			if made, ok := known(word); ok {
				return made
			}
			if strings.TrimFunc(word, unicode.IsDigit) == "" {
				return d.digits(utf8.RuneCountInString(word))
			}
			for range retries {
				if out := d.word(min(utf8.RuneCountInString(word), 12)); !v.avoids(out) {
					return cased(out, word)
				}
			}
			return strings.Repeat("x", len(word))
		})
	})
}

// replaceMails maps the addresses in a text and hands the rest to another rule.
func (v *inventor) replaceMails(s string, rest func(string) string) string {
	var b strings.Builder
	at := 0
	for _, m := range mailPattern.FindAllStringIndex(s, -1) {
		b.WriteString(rest(s[at:m[0]]))
		b.WriteString(v.mail(s[m[0]:m[1]]))
		at = m[1]
	}
	b.WriteString(rest(s[at:]))
	return b.String()
}

func (v *inventor) mail(address string) string {
	lower := strings.ToLower(address)
	local := v.unique(kindMail, lower, func(d *dice) string { return d.word(6 + d.roll(5)) })
	_, domain, _ := strings.Cut(lower, "@")
	return local + "@" + v.domain(domain)
}

// domain keeps companies apart and free mail recognisable: companies are under example.com, the others under
// example.net.
func (v *inventor) domain(domain string) string {
	lower := strings.TrimSuffix(strings.ToLower(domain), ".")
	if rest, ok := strings.CutPrefix(lower, "www."); ok {
		return "www." + v.domain(rest)
	}
	under := ".example.com"
	if slices.Contains(freeMail(), lower) {
		under = ".example.net"
	}
	return v.unique(kindDomain, lower, func(d *dice) string { return d.word(7+d.roll(5)) + under })
}

func freeMail() []string {
	return []string{
		"gmail.com", "googlemail.com", "gmx.de", "gmx.net", "web.de", "outlook.com", "hotmail.com", "live.com", "icloud.com",
		"yahoo.com", "yahoo.de", "aol.com", "t-online.de", "freenet.de", "proton.me", "protonmail.com", "mail.ru", "qq.com",
	}
}

// phone is in the range +999, which no country has.
func (v *inventor) phone(original string) string {
	digits := onlyDigits(original)
	return v.unique(kindPhone, digits, func(d *dice) string { return "+999" + d.digits(min(max(len(digits), 7), 15)-3) })
}

func (v *inventor) guid(original string) string {
	return v.unique(kindGUID, strings.ToLower(original), func(d *dice) string {
		b := make([]byte, 16)
		for i := range b {
			b[i] = byte(d.roll(256)) //nolint:gosec // below 256
		}
		h := hex.EncodeToString(b)
		return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	})
}

// opaque keeps length, case and padding of a cursor or another word that only a machine reads.
func (v *inventor) opaque(original string) string {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	return v.unique(kindCursor, original, func(d *dice) string {
		return strings.Map(func(r rune) rune {
			switch {
			case unicode.IsDigit(r):
				return rune("0123456789"[d.roll(10)])
			case unicode.IsUpper(r):
				return unicode.ToUpper(rune(letters[d.roll(26)]))
			case unicode.IsLetter(r):
				return rune(letters[d.roll(26)])
			}
			return r
		}, original)
	})
}

// ip is in the ranges for benchmarks and documentation (RFC 2544, RFC 3849).
func (v *inventor) ip(original netip.Addr) string {
	return v.unique(kindIP, original.String(), func(d *dice) string {
		if original.Is4() {
			return netip.AddrFrom4([4]byte{198, byte(18 + d.roll(2)), byte(d.roll(256)), byte(d.roll(256))}).String() //nolint:gosec // below 256
		}
		b := [16]byte{0x20, 0x01, 0x0d, 0xb8}
		for i := 8; i < 16; i++ {
			b[i] = byte(d.roll(256)) //nolint:gosec // below 256
		}
		return netip.AddrFrom16(b).String()
	})
}

// birth is some day of 1980 to 1999.
func (v *inventor) birth(original string) string {
	d := v.dice(kindBirth, original, 0)
	two := func(n int) string { return string([]byte{byte('0' + n/10), byte('0' + n%10)}) } //nolint:gosec // below 100
	return "19" + two(80+d.roll(20)) + "-" + two(1+d.roll(12)) + "-" + two(1+d.roll(28))
}

// mapWords replaces the runs of letters and of digits in a text and keeps what is between them.
func mapWords(s string, replace func(string) string) string {
	var b strings.Builder
	eachWord(s, func(word string, is bool) {
		if is {
			word = replace(word)
		}
		b.WriteString(word)
	})
	return b.String()
}

// eachWord tells the parts of a text in order: words (runs of letters or digits) and what is between them.
func eachWord(s string, tell func(part string, word bool)) {
	class := func(r rune) int {
		switch {
		case unicode.IsDigit(r):
			return 2
		case unicode.IsLetter(r), unicode.IsMark(r):
			return 1
		}
		return 0
	}
	start, last := 0, -1
	for i, r := range s {
		c := class(r)
		if last >= 0 && c != last {
			tell(s[start:i], last > 0)
			start = i
		}
		last = c
	}
	if start < len(s) {
		tell(s[start:], last > 0)
	}
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// decimal reports whether s consists of digits alone.
func decimal(s string) bool { return s != "" && onlyDigits(s) == s }
