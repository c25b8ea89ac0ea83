// Package demomodel carries the model that `leadsync demo` runs, so that the binary needs no file beside it.
// The text is that of fixtures/models/demo.yaml, which production code may not import, with what only the simulated
// account has people, companies and a queue for: some object to profiling, and companies follow their contacts. A test keeps
// all else identical.
package demomodel

import (
	_ "embed"
	"slices"
)

//go:embed model.yaml
var text []byte

// Name is the name under which the model appears in messages.
const Name = "model.yaml"

// Text is the model file.
func Text() []byte { return slices.Clone(text) }
