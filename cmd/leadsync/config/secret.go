package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
)

const masked = "***"

// Secret is a token or password. It prints, logs and marshals as ***; only Reveal gives it away.
type Secret struct{ value string }

// NewSecret wraps a secret that was made in the program, such as the simulator's token.
func NewSecret(value string) Secret { return Secret{value: value} }

// Reveal gives the secret itself. Call it where the secret leaves the process, and nowhere else.
func (s Secret) Reveal() string { return s.value }

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.value == "" }

// String gives ***, also for an empty secret.
func (s Secret) String() string { return masked }

// GoString gives ***.
func (s Secret) GoString() string { return masked }

// Format writes *** for every verb, so that %x or %d do not spell the secret out.
func (s Secret) Format(state fmt.State, _ rune) {
	// The error of a fmt.State is the printer's to report.
	_, _ = io.WriteString(state, masked)
}

// LogValue gives ***.
func (s Secret) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalText gives ***; JSON uses it too. It never fails.
func (s Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

// MarshalYAML gives ***. It never fails.
func (s Secret) MarshalYAML() (any, error) { return masked, nil }

// SecretSource says where a secret is to be found. At most one of Env and File is set.
type SecretSource struct {
	// Key is the key of the file without its ending, such as portals[0].token; errors name it.
	Key string
	// Env is the name of an environment variable.
	Env string
	// File is a path, already resolved against the folder of the configuration file.
	File string
}

// IsZero reports whether the file names no source at all.
func (s SecretSource) IsZero() bool { return s.Env == "" && s.File == "" }

// Read fetches the secret through getenv or readFile (in the program os.Getenv and os.ReadFile). Line ends
// at the end are cut off, because editors and `echo` leave one. It fails if no source is named, the
// source is missing or empty, or the secret has blanks around it or control characters in it, which come from
// careless copying and would break the header of a request. No error repeats the secret.
func (s SecretSource) Read(getenv func(string) string, readFile func(string) ([]byte, error)) (Secret, error) {
	switch {
	case s.Env != "":
		return s.check(getenv(s.Env), fmt.Sprintf("environment variable %s", s.Env), "set it before starting leadsync")
	case s.File != "":
		text, err := readFile(s.File)
		if err != nil {
			return Secret{}, fmt.Errorf("read %s_file: %w; create the file or correct its path", s.Key, err)
		}
		return s.check(string(text), fmt.Sprintf("file %q", s.File), "write the secret into it")
	default:
		return Secret{}, fmt.Errorf("read %s: no source is named; set %s_env or %s_file", s.Key, s.Key, s.Key)
	}
}

func (s SecretSource) check(value, place, remedy string) (Secret, error) {
	value = strings.TrimRight(value, "\r\n")
	if value == "" {
		return Secret{}, fmt.Errorf("read %s: %s is missing or empty; %s", s.Key, place, remedy)
	}
	if strings.TrimSpace(value) != value || strings.ContainsFunc(value, unicode.IsControl) {
		return Secret{}, fmt.Errorf("read %s: %s: %w", s.Key, place, errUnclean)
	}
	return Secret{value: value}, nil
}

var errUnclean = errors.New("blanks around the secret or control characters in it; copy it again without them")
