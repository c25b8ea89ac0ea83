package agreement

import (
	"embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed page.css page.html.tmpl
var files embed.FS

// Page writes the document as one self-contained page: no script, nothing loaded from anywhere, light or dark as the
// reader's system is, and fit for paper.
func (d *Document) Page(out io.Writer) error {
	css, err := files.ReadFile("page.css")
	if err != nil {
		return fmt.Errorf("read style: %w", err)
	}
	t, err := template.New("page.html.tmpl").Funcs(template.FuncMap{
		"css": func() template.CSS { return template.CSS(css) }, //nolint:gosec // our own file
		"t": func(english, german string) string {
			if d.Language == "de" {
				return german
			}
			return english
		},
	}).ParseFS(files, "page.html.tmpl")
	if err != nil {
		return fmt.Errorf("read template: %w", err)
	}
	if err := t.Execute(out, d); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}
