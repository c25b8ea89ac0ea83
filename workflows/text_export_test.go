package workflows

import "leadsync/scoring"

// TaskTexts are subject and body of a task as the CRM gets them, of two templates and their values.
func TaskTexts(subject, body string, values map[string]string) (plainSubject, bodyHTML string) {
	return title(scoring.Expand(subject, fitting(values, longestTitleValue)), longestTitle),
		asHTML(scoring.Expand(body, fitting(values, longestBodyValue)))
}
