package audit

import (
	"maps"
	"slices"
	"strings"
)

func join(words []string) string { return strings.Join(words, ", ") }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
