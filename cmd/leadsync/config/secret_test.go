package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"leadsync/cmd/leadsync/config"
)

func TestSecretNeverShows(t *testing.T) {
	secret := config.NewSecret("hunter2")
	holder := struct{ Token config.Secret }{secret}
	var shown []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10s"} {
		shown = append(shown, fmt.Sprintf(verb, secret), fmt.Sprintf(verb, holder), fmt.Sprintf(verb, &holder))
	}
	shown = append(shown, secret.String(), secret.GoString(), fmt.Sprint(secret))

	asJSON, err := json.Marshal(map[config.Secret]any{secret: holder})
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Dump(holder)
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	slog.New(slog.NewTextHandler(&logged, nil)).Info("start", "token", secret)
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("start", "token", secret, "holder", holder)
	shown = append(shown, string(asJSON), string(asYAML), logged.String())

	for _, text := range shown {
		for _, leak := range []string{"hunter2", fmt.Sprintf("%x", "hunter2"), fmt.Sprintf("%d", []byte("hunter2"))} {
			if strings.Contains(strings.ToLower(text), leak) {
				t.Errorf("the secret shows: %s", text)
			}
		}
		if !strings.Contains(text, "***") {
			t.Errorf("no *** in %s", text)
		}
	}
	if secret.Reveal() != "hunter2" || secret.IsZero() || !(config.Secret{}).IsZero() {
		t.Error("the secret is lost to those who need it")
	}
}

func TestSecretSourceRead(t *testing.T) {
	environment := map[string]string{"TOKEN": "abc", "EMPTY": "", "LINE": "abc\n", "BLANK": " abc", "TWO": "a\nb"}
	files := map[string]string{"unix": "abc\n", "windows": "abc\r\n", "bare": "abc", "empty": "\n"}
	getenv := func(name string) string { return environment[name] }
	readFile := func(name string) ([]byte, error) {
		text, ok := files[name]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return []byte(text), nil
	}
	cases := []struct {
		name    string
		source  config.SecretSource
		wantErr string
	}{
		{"variable", config.SecretSource{Env: "TOKEN"}, ""},
		{"variable with a line end", config.SecretSource{Env: "LINE"}, ""},
		{"file with a line end", config.SecretSource{File: "unix"}, ""},
		{"file with a line end of Windows", config.SecretSource{File: "windows"}, ""},
		{"file without a line end", config.SecretSource{File: "bare"}, ""},
		{
			"variable not set",
			config.SecretSource{Env: "ABSENT"},
			"read p.token: environment variable ABSENT is missing or empty; set it before starting leadsync",
		},
		{
			"variable empty",
			config.SecretSource{Env: "EMPTY"},
			"read p.token: environment variable EMPTY is missing or empty; set it before starting leadsync",
		},
		{
			"file empty",
			config.SecretSource{File: "empty"},
			`read p.token: file "empty" is missing or empty; write the secret into it`,
		},
		{
			"file absent",
			config.SecretSource{File: "absent"},
			"read p.token_file: file does not exist; create the file or correct its path",
		},
		{
			"blank before it",
			config.SecretSource{Env: "BLANK"},
			"read p.token: environment variable BLANK: blanks around the secret or control characters in it; copy it again without them",
		},
		{
			"line end inside",
			config.SecretSource{Env: "TWO"},
			"read p.token: environment variable TWO: blanks around the secret or control characters in it; copy it again without them",
		},
		{"no source", config.SecretSource{}, "read p.token: no source is named; set p.token_env or p.token_file"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.source.Key = "p.token"
			got, err := c.source.Read(getenv, readFile)
			if c.wantErr == "" {
				if err != nil || got.Reveal() != "abc" {
					t.Errorf("Read = %q, %v", got.Reveal(), err)
				}
				return
			}
			if err == nil || err.Error() != c.wantErr || !got.IsZero() {
				t.Errorf("error = %v\nwant    %s", err, c.wantErr)
			}
		})
	}
}

func TestSecretSourceKeepsTheCause(t *testing.T) {
	source := config.SecretSource{Key: "token", File: "x"}
	_, err := source.Read(nil, func(string) ([]byte, error) { return nil, fs.ErrPermission })
	if !errors.Is(err, fs.ErrPermission) {
		t.Errorf("error = %v, want the file's own", err)
	}
}
