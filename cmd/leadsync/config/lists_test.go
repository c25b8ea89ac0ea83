package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/cmd/leadsync/config"
)

func TestListsAndKeys(t *testing.T) {
	got := portal(t, "lists: {newsletter: 123, nurture: \"45\", with_sales: \"\"}", "without_unique_keys: marker", "effects: {list: on}")
	if diff := cmp.Diff(map[string]string{"newsletter": "123", "nurture": "45"}, got.Lists); diff != "" {
		t.Errorf("lists (-want +got):\n%s", diff)
	}
	if got.WithoutUniqueKeys != config.KeysMarker || got.Effects["list"] != "on" {
		t.Errorf("%q, %q", got.WithoutUniqueKeys, got.Effects["list"])
	}
	if plain := portal(t, "language: en"); plain.WithoutUniqueKeys != config.KeysRefuse || plain.Effects["list"] != "shadow" || plain.Lists == nil {
		t.Errorf("defaults %+v", plain)
	}
}

func TestQueues(t *testing.T) {
	if diff := cmp.Diff(map[string]string{"calls": "4711"}, portal(t, `queues: {calls: 4711, mails: ""}`).Queues); diff != "" {
		t.Errorf("queues (-want +got):\n%s", diff)
	}
	if got := portal(t, "language: en").Queues; got == nil || len(got) > 0 {
		t.Errorf("default %v", got)
	}
}
