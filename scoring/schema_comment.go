package scoring

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// explain takes title and description from the comment above the first node that has one.
func (w *schemaWriter) explain(s *schema, nodes []*yaml.Node, comment func(*yaml.Node) string) {
	for _, node := range nodes {
		if text := comment(node); text != "" {
			s.Title, s.Description, _ = strings.Cut(text, ". ")
			return
		}
	}
}

// aboveKey is the comment above a key that begins its line.
func (w *schemaWriter) aboveKey(key *yaml.Node) string {
	before := []rune(w.home[key].lines[key.Line-1])[:key.Column-1]
	if strings.TrimSpace(string(before)) != "" {
		return ""
	}
	return above(w.home[key].lines, key.Line-1)
}

// aboveItem is the comment above the dash of an entry of a list, which may stand on a line of its own.
func (w *schemaWriter) aboveItem(item *yaml.Node) string {
	lines, line := w.home[item].lines, item.Line-1
	for line > 0 && !strings.HasPrefix(strings.TrimSpace(lines[line]), "-") {
		line--
		if text := strings.TrimSpace(lines[line]); text != "-" && !strings.HasPrefix(text, "#") {
			return ""
		}
	}
	return above(lines, line)
}

// above is the text of the comment lines that stand directly above a line, both counted from 0.
func above(lines []string, line int) string {
	var texts []string
	for i := line - 1; i >= 0; i-- {
		text, found := strings.CutPrefix(strings.TrimSpace(lines[i]), "#")
		if !found {
			break
		}
		texts = append(texts, strings.TrimSpace(text))
	}
	slices.Reverse(texts)
	return strings.Join(texts, " ")
}
