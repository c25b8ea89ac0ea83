package vocabulary

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// sizes are the words of company_size from small to big.
func sizes() []string { return []string{"micro", "small", "medium", "large", "enterprise"} }

const (
	sizeWords = `
	micro: kleinstunternehmen, kleinstbetrieb, einzelunternehmen, einzelunternehmer, solo, soloselbststandig, selbststandig, freelancer, self employed, ein mann betrieb
	small: kleinunternehmen, kleines unternehmen, kleine unternehmen, kleinbetrieb, klein, small business, small company
	medium: mittleres unternehmen, mittlere unternehmen, mittel, mittelgross, mittelgrosses unternehmen, medium sized, mid size, midsize, medium business, medium company
	large: grossunternehmen, grosses unternehmen, gross, grossbetrieb, large company, large business
	enterprise: konzern, grosskonzern, corporation, large enterprise, global enterprise, multinational, dax konzern`

	// What stands before or after a number and says on which side of it the size lies.
	above = `mehr als, mehr wie, over, more than, uber, grosser als, greater than, above`
	below = `unter, weniger als, less than, fewer than, kleiner als, below, under`
	most  = `bis zu, bis, up to, maximal, max, hochstens, at most, no more than, nicht mehr als, oder weniger, or less, or fewer`

	// With these a number is no number of people.
	noPeople = `eur, euro, euros, usd, dollar, chf, umsatz, revenue, turnover, gbp, percent, prozent, jahr, jahre, years, year, standorte, filialen, locations`
)

// findSize gives the finder of company_size.
func findSize() func(string) string {
	words := map[string]string{}
	for line := range strings.SplitSeq(sizeWords, "\n") {
		word, names, _ := strings.Cut(strings.TrimSpace(line), ":")
		for name := range strings.SplitSeq(names, ",") {
			words[plain(name)] = word
		}
	}
	delete(words, plain(""))
	s := sizing{compile(above), compile(below), compile(most), compile(noPeople)}
	return func(text string) string {
		p := plain(text)
		if word := words[p]; word != "" {
			return word
		}
		if strings.ContainsAny(text, "€$£%") || s.noPeople.in(p) {
			return ""
		}
		return s.class(text, p)
	}
}

// sizing are the words around a number.
type sizing struct{ above, below, most, noPeople patterns }

// class is the class of the number or range in a text, empty if there is none or more than one.
func (s *sizing) class(text, p string) string {
	numbers, between := numbersIn(text)
	switch {
	case len(numbers) == 1:
		return classOf(s.bounded(numbers[0], text, p))
	case len(numbers) == 2 && isRange(between):
		return classOf((numbers[0] + numbers[1]) / 2)
	default:
		return ""
	}
}

// bounded is how many people a number means with the signs and words around it.
func (s *sizing) bounded(n float64, text, p string) float64 {
	signs := strings.NewReplacer("≥", ">=", "≤", "<=").Replace(text)
	has := func(sign string) bool { return strings.Contains(signs, sign) }
	switch {
	case has(">="):
		return n
	case has("<="), !has("<") && !s.below.in(p) && s.most.in(p):
		return (1 + n) / 2
	case has("<"), s.below.in(p):
		return n / 2
	case has(">"), s.above.in(p):
		return n + 1
	default: // also "from n on"
		return n
	}
}

// isRange reports whether what stands between two numbers makes a range of them.
func isRange(between string) bool {
	switch strings.Trim(strings.ToLower(between), " ._") {
	case "bis", "to", "till", "until", "through", "bis zu", "und", "and":
		return true
	}
	signs := plain(between) == " "
	return signs && (strings.ContainsAny(between, "-–—−‐‑~…_") || strings.Contains(between, ".."))
}

// classOf is the class of so many people.
func classOf(people float64) string {
	const micro, small, medium, large = 10, 50, 250, 1000
	switch {
	case people < micro:
		return "micro"
	case people < small:
		return "small"
	case people < medium:
		return "medium"
	case people < large:
		return "large"
	default:
		return "enterprise"
	}
}

// numbersIn lists the numbers of a text, at most three, and what stands between the first two. A number that stands
// inside a word or behind a minus that belongs to it is not one of people: there is none then.
func numbersIn(text string) (numbers []float64, between string) {
	const enough = 3
	r := []rune(text)
	end := 0
	for i := 0; i < len(r) && len(numbers) < enough; {
		if r[i] < '0' || r[i] > '9' {
			i++
			continue
		}
		before := strings.TrimSpace(string(r[end:i]))
		if i > 0 && unicode.IsLetter(r[i-1]) || len(numbers) == 0 && (before == "-" || before == "−") {
			return nil, ""
		}
		n, next := numberAt(r, i)
		if len(numbers) == 1 {
			between = string(r[end:i])
		}
		numbers = append(numbers, n)
		i, end = next, next
	}
	return numbers, between
}

// numberAt reads a number: digits, groups of three behind a point, comma, apostrophe or space, decimals, and a
// word for thousands or millions.
func numberAt(r []rune, i int) (n float64, next int) {
	const group = 3
	to := digitsTo(r, i)
	whole := string(r[i:to])
	grouped := len(whole) <= group && whole[0] != '0'
	for grouped && separates(r, to, ".,'’ \u00a0\u202f") && digitsTo(r, to+1) == to+1+group {
		whole += string(r[to+1 : to+1+group])
		to += 1 + group
	}
	if separates(r, to, ".,") && digitsTo(r, to+1) > to+1 {
		end := digitsTo(r, to+1)
		whole += "." + string(r[to+1:end])
		to = end
	}
	n, err := strconv.ParseFloat(whole, 64)
	if err != nil {
		n = math.MaxInt32 // digits without end
	}
	scale, to := scaleAt(r, to)
	return min(n*scale, math.MaxInt32), to
}

// digitsTo is where the digits that begin at a place end.
func digitsTo(r []rune, from int) int {
	for from < len(r) && r[from] >= '0' && r[from] <= '9' {
		from++
	}
	return from
}

// separates reports whether one of the signs stands at a place.
func separates(r []rune, at int, signs string) bool {
	return at < len(r) && strings.ContainsRune(signs, r[at])
}

// scaleAt reads a word for thousands or millions behind a number.
func scaleAt(r []rune, i int) (scale float64, next int) {
	const thousand, million = 1e3, 1e6
	from := i
	for from < len(r) && r[from] == ' ' {
		from++
	}
	to := from
	for to < len(r) && unicode.IsLetter(r[to]) {
		to++
	}
	switch strings.ToLower(string(r[from:to])) {
	case "k", "tsd", "tausend", "thousand", "t":
		return thousand, to
	case "m", "mio", "million", "millions", "millionen":
		return million, to
	default:
		return 1, i
	}
}
