package recorder

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// noteFile is beside the cassettes of a recording; it is no cassette.
const noteFile = "recording.json"

// Note is what a replay must know about a recording beside the answers. Every value in it is redacted.
type Note struct {
	// Version of this file's form.
	Version int `json:"version"`
	// RecordedAt is the business time at which the recording ended, shifted like all times in it.
	RecordedAt time.Time `json:"recorded_at"`
	// Account is the invented number of the account.
	Account string `json:"account"`
	// Sample is where listings were ended; Truncated are the types of which there was more.
	Sample    int      `json:"sample,omitempty"`
	Truncated []string `json:"truncated,omitempty"`
	// Values are what words of the configuration have become (stages, pipelines, call outcomes, owners) under
	// the key that they have in the configuration, such as "stages.mql". Words that stayed are not here.
	Values map[string]string `json:"values,omitempty"`
	// Replaced is the report.
	Replaced []Replaced `json:"replaced"`
}

// NoteVersion is the version that this program writes and reads.
const NoteVersion = 1

// ReadNote reads the note of a folder of cassettes.
func ReadNote(dir string) (Note, error) {
	var n Note
	b, err := os.ReadFile(filepath.Join(dir, noteFile)) //nolint:gosec // the folder is the user's own choice
	if err != nil {
		return n, fmt.Errorf("read note of the recording: %w; a folder that `leadsync record` made has one", err)
	}
	if err := json.Unmarshal(b, &n); err != nil {
		return n, fmt.Errorf("read note of the recording: %w", err)
	}
	if n.Version != NoteVersion {
		return n, fmt.Errorf("the recording has version %d, this program reads %d; record it again", n.Version, NoteVersion)
	}
	return n, nil
}

// Cassettes lists the cassettes of a folder, sorted.
func Cassettes(dir string) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("list cassettes: %w", err)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no cassette (*.yaml) in %q", dir)
	}
	slices.Sort(paths)
	return paths, nil
}
