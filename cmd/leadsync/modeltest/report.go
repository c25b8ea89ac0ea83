package modeltest

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// Text writes the report for people: each story that is otherwise than expected with its step, the line of the
// file, what was expected, what was found and why; then what no story reached.
func (r Report) Text(w io.Writer) {
	for _, f := range r.Files {
		failed := 0
		for _, s := range f.Stories {
			if len(s.Differences) > 0 {
				failed++
			}
		}
		fmt.Fprintf(w, "%s: %d of %d stories as expected\n", f.Path, len(f.Stories)-failed, len(f.Stories))
		for _, s := range f.Stories {
			if len(s.Differences) > 0 {
				fmt.Fprintf(w, "\n  FAILED  %s\n%s\n", s.Name, indent(s.differences(f.Path), "    "))
			}
		}
	}
	for _, c := range r.Coverage {
		fmt.Fprintf(w, "model %s: the stories reach %d of %d rules, gates, stages, statuses and follow-ups\n", c.Model, c.Reached, c.Items)
		for _, i := range c.Unreached {
			fmt.Fprintf(w, "  not reached: %s %s\n", i.What, i.Name)
		}
		c.endings(w)
	}
	fmt.Fprintf(w, "%d stories, %d steps, %d failed\n", r.Stories, r.Steps, r.Failed)
}

// differences are the differences of one story in words.
func (s Result) differences(path string) string {
	var b strings.Builder
	for _, d := range s.Differences {
		fmt.Fprintf(&b, "%s:%d: step %d, %s: %s\n", path, d.Line, d.Step, d.At.Format(clockLayout), d.Key)
		fmt.Fprintf(&b, "  expected  %s\n  found     %s\n", d.Expected, orNone(d.Found))
		for i, line := range d.Because {
			word := "because "
			if i > 0 {
				word = "        "
			}
			fmt.Fprintf(&b, "  %s  %s\n", word, line)
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(text, "\n", "\n"+by)
}

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr"`
	Line    int           `xml:"line,attr"`
	Failure *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes the report in the XML that build servers read: a suite per file, a case per story. The error is
// the writer's.
func (r Report) JUnit(w io.Writer) error {
	all := junitSuites{Tests: r.Stories, Failures: r.Failed}
	for _, f := range r.Files {
		suite := junitSuite{Name: f.Path, Tests: len(f.Stories)}
		for _, s := range f.Stories {
			c := junitCase{Name: s.Name, Class: f.Path, File: f.Path, Line: s.Line}
			if len(s.Differences) > 0 {
				suite.Failures++
				d := s.Differences[0]
				c.Failure = &junitFailure{
					Message: fmt.Sprintf("step %d: %s: expected %s, found %s", d.Step, d.Key, d.Expected, orNone(d.Found)),
					Text:    s.differences(f.Path),
				}
			}
			suite.Cases = append(suite.Cases, c)
		}
		all.Suites = append(all.Suites, suite)
	}
	text, err := xml.MarshalIndent(all, "", "  ")
	if err == nil {
		_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	}
	if err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	return nil
}
