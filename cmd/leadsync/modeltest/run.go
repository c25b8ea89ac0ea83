package modeltest

import (
	"errors"
	"time"

	"leadsync/connector"
)

// errRestless says that one change leads to the next without end.
var errRestless = errors.New("the model does not come to rest; look for follow-ups that cause each other")

// Report is what became of the stories of some files. Its JSON is the contract of `leadsync test --json`.
type Report struct {
	Files    []FileResult `json:"files"`
	Stories  int          `json:"stories"`
	Steps    int          `json:"steps"`
	Failed   int          `json:"failed"` // stories
	Coverage []Coverage   `json:"coverage"`
}

// FileResult is what became of the stories of one file.
type FileResult struct {
	Path    string   `json:"path"`
	Stories []Result `json:"stories"`
}

// Result is what became of one story.
type Result struct {
	Name  string `json:"name"`
	Line  int    `json:"line"`
	Steps int    `json:"steps"` // that were played
	// Differences are what was otherwise than expected, in the order of the story.
	Differences []Difference `json:"differences,omitempty"`
}

// Difference is one thing that is otherwise than expected.
type Difference struct {
	Step     int       `json:"step"` // from 1
	Line     int       `json:"line"`
	At       time.Time `json:"at"`
	Key      string    `json:"key"`
	Expected string    `json:"expected"`
	Found    string    `json:"found"`
	Because  []string  `json:"because,omitempty"` // the lines of the explanation that matter
}

// Play plays the stories of the files, in their order. names are the account's names of the properties that
// every portal has. The files are not changed; the same files give the same report.
func Play(files []*File, names connector.Names) Report {
	out := Report{Files: []FileResult{}, Coverage: []Coverage{}}
	covers, order := map[string]*coverage{}, []string{}
	for _, f := range files {
		version := f.Model.Version()
		if covers[version] == nil {
			covers[version], order = newCoverage(f.Model), append(order, version)
		}
		result := FileResult{Path: f.Path, Stories: []Result{}}
		for _, s := range f.Stories {
			r := play(f, names, s, covers[version])
			result.Stories = append(result.Stories, r)
			out.Stories++
			out.Steps += r.Steps
			if len(r.Differences) > 0 {
				out.Failed++
			}
		}
		out.Files = append(out.Files, result)
	}
	for _, version := range order {
		out.Coverage = append(out.Coverage, covers[version].result())
	}
	return out
}

// play plays one story. A step that does not come to rest ends it.
func play(f *File, names connector.Names, s Story, cover *coverage) Result {
	r := Result{Name: s.Name, Line: s.Line}
	p := newPlayer(f, names, s, cover)
	for i, st := range s.steps {
		r.Steps++
		differences := []Difference{{Line: st.line, At: st.at, Key: "plan", Expected: "an end of the consequences"}}
		err := p.step(st)
		if err == nil {
			differences = p.compare(st)
		} else {
			differences[0].Found, differences[0].Because = err.Error(), p.whatWasPlanned()
		}
		for _, d := range differences {
			d.Step = i + 1
			r.Differences = append(r.Differences, d)
		}
		if err != nil {
			return r
		}
	}
	cover.ended(p)
	return r
}

// Complete reports whether the stories reached everything that the models have.
func (r Report) Complete() bool {
	for _, c := range r.Coverage {
		if len(c.Unreached) > 0 {
			return false
		}
	}
	return true
}
