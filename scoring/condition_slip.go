package scoring

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// slip is a usual way to write a condition that is none.
type slip struct {
	// found matches the parser's message, a line end, and the condition with a NUL at the place that the parser names.
	// Its group, if there is one, is the place to name.
	found        string
	text, remedy string
}

const exampleCondition = `write a condition such as: employees >= 50 and country in ["DE", "AT"]`

// slips are tried one after the other.
func slips() []slip {
	return []slip{
		{`\n.*\b(AND|And|OR|Or|NOT|Not|IN|In)\s*\x00`, "and, or, not and in are written small", "write it in small letters"},
		{`\n.*\x00(AND|And|OR|Or|NOT|Not|IN|In)\b`, "and, or, not and in are written small", "write it in small letters"},
		{`\n.*(<)\x00>`, "<> is not possible here", "write != for different"},
		{`\n.*\x00=`, "= does not compare", "write == for the same, or >= and <="},
		{`\n.*\x00(?:is|IS)\b`, "is is not part of the language of conditions", "ask known(x) or not known(x), or write == and a value"},
		{`\n.*\x00(?:like|LIKE)\b`, "like is not part of the language of conditions", "write contains, startsWith, endsWith, or has_word(x, \"word\")"},
		{`\n.*\x00(?:between|BETWEEN)\b`, "between is not part of the language of conditions", "write x >= 1 and x <= 3"},
		{`\n.*\x00&`, "& is not possible here", "write and"},
		{`\n.*(\|)\s*[^\x00|]*\x00`, "| is not possible here", "write or"},
		{`\n.*\d\x00,\d`, "a comma is not part of a number", "write a point, such as 1.5"},
		{`\n.*(%)\s*\x00$`, "a percent sign is not part of a number", "write the number alone"},
		{`^bad number syntax`, "this is not a number", "write it in digits, such as 10000"},
		{`value out of range`, "this number is too large", "write one that a company can have"},
		{`^unrecognized character.*\n.*\x00[“”„‟‘’‚«»‹›]`, "these quotes are not those of the language", `write straight quotes, such as "DE"`},
		{`^literal not terminated`, "a text is not closed", "write the closing quote"},
		{`^invalid char escape`, "no such character can be written with \\", `write \\ for a backslash, \" for a quote`},
		{`^unexpected token EOF\n[^()]*\([^()]*\x00$`, "the condition ends before a bracket is closed", "close the bracket"},
		{`^unexpected token EOF\n[^\[\]]*\[[^\[\]]*\x00$`, "the condition ends before a bracket is closed", "close the bracket"},
		{`^unexpected token EOF`, "the condition ends too early", "complete it; " + exampleCondition},
		{`^unexpected token Bracket`, "this bracket closes nothing", "remove it, or open it before"},
		{`^unexpected token Identifier`, "", "join two conditions by and or or, or write quotes around a text"},
	}
}

// slipOf says in people's words what the parser of expressions finds wrong at a character of a condition.
func slipOf(source string, at int, message string) fault {
	runes := []rune(source)
	at = min(max(at, 0), len(runes))
	if strings.HasPrefix(message, "unexpected token EOF") || strings.HasPrefix(message, "literal not terminated") {
		at = utf8.RuneCountInString(strings.TrimRight(source, " \t\n"))
	}
	message = strings.ReplaceAll(message, "\n", " ")
	before := message + "\n" + strings.ReplaceAll(string(runes[:at]), "\n", " ")
	subject := before + "\x00" + strings.ReplaceAll(string(runes[at:]), "\n", " ")
	for _, s := range slips() {
		match := regexp.MustCompile(s.found).FindStringSubmatchIndex(subject)
		if match == nil {
			continue
		}
		bad := fault{at: at, text: s.text, remedy: s.remedy}
		if len(match) > 2 && match[2] >= 0 && match[2] < len(before) {
			bad.at -= utf8.RuneCountInString(before[match[2]:])
		}
		if bad.text == "" {
			bad.text = message
		}
		return bad
	}
	return fault{at: at, text: message, remedy: exampleCondition}
}
