package main

import (
	"leadsync/cmd/leadsync/audit/naive"
	"leadsync/scoring"
	"leadsync/scoring/vocabulary"
)

// auditWords are the tables that the auditor shares with leadsync: what words mean is looked up, not decided.
func auditWords() naive.Words {
	open := map[string]*vocabulary.Vocabulary{}
	return naive.Words{
		FreeMail: scoring.FreeMail(),
		Word: func(name, text string) (string, bool) {
			if open[name] == nil {
				v, err := vocabulary.Open(name)
				if err != nil {
					return "", false // no model that was read names one that there is not
				}
				open[name] = v
			}
			return open[name].Word(text)
		},
	}
}
