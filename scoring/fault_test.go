package scoring_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"leadsync/scoring"
)

// TestConditions_faults is every way to get a condition wrong, with the column inside the condition.
func TestConditions_faults(t *testing.T) {
	for condition, want := range map[string]string{
		`known()`:                                            `1: known takes one fact`,
		`known(titel)`:                                       `7: unknown fact titel; did you mean "title"?`,
		`known(title) > 3`:                                   `1: known(...) is yes/no; write a number here`,
		`size == nothing`:                                    `9: unknown fact nothing`,
		`days_since()  > 1`:                                  `1: days_since takes one fact of type time`,
		`days_since(size + 1) > 1`:                           `17: days_since takes a fact of type time`,
		`days_since(sincee) > 1`:                             `12: unknown fact sincee; did you mean "since"?`,
		`days_since_last() > 1`:                              `1: days_since_last takes one kind`,
		`days_since_last(title) > 1`:                         `17: a kind of activity is expected`,
		`count() > 1`:                                        `1: count takes a kind`,
		`count("form", "", 1, 2) > 1`:                        `1: count takes a kind`,
		`count("form", "", 1.5) > 1`:                         `19: the window of a count is not a number of days`,
		`count("form", "x") > 1`:                             `15: a text stands alone: "x"`,
		`count(size) > 1`:                                    `7: a kind of activity is expected`,
		`count("form")`:                                      `1: count(...) is a number; write a condition`,
		`days_with() > 1`:                                    `1: days_with takes a kind, a condition and days; write days_with("form")`,
		`days_with("fom") > 1`:                               `11: unknown activity "fom"; did you mean "form"?`,
		`days_with("form", nam == "x") > 1`:                  `19: unknown attribute nam of form; did you mean "name"?`,
		`days_with("form", "", 0) > 1`:                       `23: the window of a count is not a number of days`,
		`days_with("form", "", 1, 2) > 1`:                    `1: days_with takes a kind, a condition and days`,
		`days_with("form")`:                                  `1: days_with(...) is a number; write a condition`,
		`count_after("form") > 1`:                            `1: count_after takes a kind, the kind that came first, and days; write count_after(`,
		`count_after("form", "form", 1, 2) > 1`:              `1: count_after takes a kind`,
		`count_after("form", "fom") > 1`:                     `21: unknown activity "fom"; did you mean "form"?`,
		`count_after("fom", "form") > 1`:                     `13: unknown activity "fom"`,
		`count_after("form", "form", "x") > 1`:               `29: the window of a count is not a number of days`,
		`count_after(title, "form") > 1`:                     `13: a kind of activity is expected`,
		`count_after("form", "form")`:                        `1: count_after(...) is a number`,
		`count("form", count_after("form", "form") > 1) > 1`: `15: count_after cannot stand here; inside a where or count only attributes of form`,
		`day_with("form") > 1`:                               `1: there is no function day_with; did you mean "days_with"?`,
		`days_since(since)`:                                  `1: days_since(...) is a number`,
		`title contains 3`:                                   `16: a number stands alone: 3; write a text`,
		`title matches title`:                                `15: matches takes a fixed pattern`,
		`title in [title]`:                                   `11: a list holds only texts or numbers, not title`,
		`title in []`:                                        `10: in takes a list`,
		`size in ["a"]`:                                      `1: size is a number; use text here`,
		`title in [1]`:                                       `1: title is text; only numbers have an order`,
		`has_word(title, title)`:                             `17: has_word takes words, not expressions`,
		`title.lower() == "x"`:                               `7: there is no function title.lower`,
		`title.lower()`:                                      `7: there is no function title.lower`,
		`lower(title) == "x"`:                                `1: there is no function lower; the functions are known,`,
		`title?.x == "y"`:                                    `8: facts have no parts`,
		`title[1:2] == "y"`:                                  `6: facts have no parts`,
		`[1, 2]`:                                             `1: a list can only stand to the right of in`,
		`[1, 2] == [1, 2]`:                                   `1: a list can only stand to the right of in`,
		`"text"`:                                             `1: a text stands alone: "text"`,
		`5`:                                                  `1: a number stands alone: 5`,
		`-size`:                                              `1: - is not possible here`,
		`not 5`:                                              `5: a number stands alone: 5`,
		`-title > 3`:                                         `2: title is text`,
		`not member > 3`:                                     `1: not is not possible here; write a number here`,
		`size and member`:                                    `1: size is a number; compare it`,
		`title and member`:                                   `1: title is text; compare it`,
		`member > 1`:                                         `1: member is yes/no; only numbers have an order`,
		`since`:                                              `1: since is a time; ask days_since(...) of a time`,
		`title + title == "x"`:                               `15: a number is compared with text`,
		`since == 3`:                                         `1: since is a time`,
		`1..3 == 2`:                                          `2: .. is not possible here; write a text, a number or yes/no`,
		`(size ?? 3) > 1`:                                    `7: ?? is not possible here; write a number here`,
		`let x = 1; x`:                                       `5: let x = 1; x is not part of the language`,
		`{"a": "a very long text that is shortened in the message"} == 1`: `1: {a: "a very long text that is shortened `,
		`b"bytes" == "x"`:            `1: b"bytes" is not part of the language`,
		`size % 2 == 1`:              `6: % is not possible here`,
		`size | abs() > 1`:           `8: there is no function abs`,
		`title == "a`:                `12: a text is not closed; write the closing quote`,
		`size >= 1 size`:             `11: unexpected token`,
		`sizee > 1 and titel == "x"`: `1: unknown fact sizee; did you mean "size"?`,
	} {
		t.Run(condition, func(t *testing.T) {
			const before = "  - {stage: mql, when: '"
			_, err := scoring.Parse("m", []byte(`model: faults
facts:
  title:   {from: [contact.jobtitle]}
  size:    {from: [contact.size], type: number}
  member:  {from: [contact.member], type: bool}
  since:   {from: [contact.since], type: time}
activities:
  form: {counter: contact.forms, last: contact.form_last, attributes: {name: contact.form_name}}
scores:
  fit: {rules: [{name: r, when: known(title), points: 1}]}
lifecycle:
`+before+strings.ReplaceAll(condition, "'", "''")+"'}\n"))
			problems, ok := errors.AsType[*scoring.Problems](err)
			if !ok {
				t.Fatalf("accepted, or %v", err)
			}
			p := (*problems)[0]
			if got := fmt.Sprintf("%d: %s; %s", p.Column-len(before), p.Text, p.Remedy); !strings.HasPrefix(got, want) || p.Line != 12 {
				t.Errorf("line %d, got\n%s, want\n%s", p.Line, got, want)
			}
		})
	}
}
