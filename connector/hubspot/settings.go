package hubspot

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"leadsync/connector"
)

// DefaultReserve is the share of each limit that is left to others when Config.Reserve is nil.
const DefaultReserve = 0.1

var (
	datedVersion = regexp.MustCompile(`^\d{4}-\d{2}(-beta)?$`)
	appNumber    = regexp.MustCompile(`^[0-9]*$`)
)

// checkSettings refuses settings that would only show in the middle of the work.
func (cfg Config) checkSettings() error {
	if r := cfg.reserve(); r < 0 || r > 0.9 || math.IsNaN(r) {
		return fmt.Errorf("the reserve %v is not between 0 and 0.9", r)
	}
	if !appNumber.MatchString(cfg.AppID) {
		return errors.New("the app id is not a number")
	}
	families := Families()
	for _, family := range slices.Sorted(maps.Keys(cfg.Versions)) {
		if !slices.Contains(families, family) {
			return fmt.Errorf("version of unknown family %q; families are %s", family, strings.Join(families, ", "))
		}
		if v := cfg.Versions[family]; !datedVersion.MatchString(v) {
			return fmt.Errorf("version %q of family %q is not like %s or 2027-03-beta", v, family, APIVersion)
		}
	}
	for _, kinds := range []map[connector.ObjectType]bool{cfg.Unkeyed, cfg.PlainKey} {
		for typ := range kinds {
			if typ != connector.TypeTask && typ != connector.TypeDeal {
				return fmt.Errorf("records of kind %q have no keys; only tasks and deals do", typ)
			}
		}
	}
	return nil
}

// reserve is the share of each limit that is left to others.
func (cfg Config) reserve() float64 {
	if cfg.Reserve == nil {
		return DefaultReserve
	}
	return *cfg.Reserve
}
