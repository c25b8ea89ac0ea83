package config

import "strings"

// Place completes problems that were found later, such as contradictions with the model: it gives them the
// file and the position of their key, or of the nearest key above it that the file has, and sorts them. It
// returns nil if there are none, else *Problems. Text is that of a file that Parse has accepted.
func Place(name string, text []byte, found []Problem) error {
	if len(found) == 0 {
		return nil
	}
	doc := open(name, text)
	problems := make(Problems, len(found))
	for i, p := range found {
		p.File = name
		for key := p.Key; key != ""; key = above(key) {
			if at, ok := doc.places[key]; ok {
				p.Line, p.Column = at.Line, at.Column
				break
			}
		}
		problems[i] = p
	}
	problems.sort()
	return &problems
}

// above is the key that holds a key: "portals[0].facts.budget" → "portals[0].facts" → "portals[0]" → "portals".
func above(key string) string {
	return key[:max(0, strings.LastIndexAny(key, ".["))]
}
