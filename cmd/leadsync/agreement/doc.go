// Package agreement prints a model as what it is: the agreement of marketing and sales on processes, goals, metrics and
// responsibilities (S105). Everything in it comes from the model file; nothing is said that leadsync does not do. It is
// made for people who do not read YAML: tables in their language, as text for a terminal, as JSON, or as one
// self-contained page for a screen or for paper, on which both sides can sign.
package agreement
