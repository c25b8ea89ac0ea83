package config

import (
	"time"

	"leadsync/workflows"
)

// Default gives an installation without portals: SQLite beside the configuration file, the receiver on the
// loopback address.
func Default() Config {
	return Config{
		Database: Database{File: "leadsync.db"},
		Listen:   "127.0.0.1:8080",
		Model:    "model.yaml",
		Schedules: Schedules{
			Contacts:       "@every 1m",
			Activities:     "@every 1m",
			Companies:      "@every 5m",
			Deals:          "@every 1m",
			Owners:         "@every 1h",
			Submissions:    "@every 5m",
			CatchUpOverlap: 15 * time.Minute,
			Repair:         "41 0 * * *",
			Prune:          "17 4 * * *",
		},
		Limits: Limits{
			TasksPerHour:       200,
			DealsPerHour:       200,
			StageMovesPerHour:  200,
			ListChangesPerHour: 200,

			CompanyMovesPerHour: 200,
			OwnerChangesPerHour: 200,
			DeletionsPerHour:    100,
			NewContactsPerHour:  500,

			ReservePercent:  10,
			SearchPerSecond: 4,
			// Three calls a minute are 4,320 a day, 1.7 % of the smallest daily limit of 250,000 (hubspot-api 4).
			// They walk 100,000 contacts with 250,000 activities, 20,000 companies and 20,000 deals in a day:
			// 1,000 + 2,500 + 200 + 200 pages of a hundred, and 270 association calls for a thousand each.
			RepairCallsPerMinute: 3,
			BodyBytes:            1 << 20,
			DatabaseConnections:  8,
			// About 20 KiB each while they wait; HubSpot has 10 requests an account under way at most.
			Connections:           1024,
			ConnectionsPerAddress: 512,
			BatchWindow:           500 * time.Millisecond,
			Lease:                 30 * time.Second,
		},
		Retention: workflows.DefaultRetention(),
		Log:       Log{Level: "info", Format: "auto"},
	}
}

// DefaultPortal gives a HubSpot portal without name, account and token: every class of effect in shadow,
// HubSpot's own stages, statuses, call outcomes and pipeline.
func DefaultPortal() Portal {
	return Portal{
		CRM:     "hubspot",
		BaseURL: "https://api.hubapi.com",
		Clock:   ClockMachine,

		HoldImports: true,

		Effects: map[workflows.Class]workflows.Mode{
			workflows.ClassScore:  workflows.ModeShadow,
			workflows.ClassStage:  workflows.ModeShadow,
			workflows.ClassStatus: workflows.ModeShadow,
			workflows.ClassTask:   workflows.ModeShadow,
			workflows.ClassDeal:   workflows.ModeShadow,
			workflows.ClassList:   workflows.ModeShadow,

			workflows.ClassCompany: workflows.ModeShadow,
			workflows.ClassOwner:   workflows.ModeShadow,
			workflows.ClassDelete:  workflows.ModeOff,
		},
		Language:          "en",
		Calendar:          Calendar{DueAt: 9 * time.Hour},
		Stages:            defaultStages(),
		Statuses:          defaultStatuses(),
		Dispositions:      defaultDispositions(),
		Pipelines:         map[string]Pipeline{"sales": {ID: "default", Stage: "appointmentscheduled"}},
		Lists:             map[string]string{},
		Queues:            map[string]string{},
		WithoutUniqueKeys: KeysRefuse,
		Facts:             map[string]string{},
		LostReason:        "closed_lost_reason",
		DealProperties:    map[string]string{},
		Properties: Properties{
			Score:      "leadsync_score",
			Fit:        "leadsync_fit",
			Engagement: "leadsync_engagement",
			Grade:      "leadsync_grade",
			Tier:       "leadsync_tier",
			Reasons:    "leadsync_reasons",
			LastReason: "leadsync_last_reason",
			ScoredAt:   "leadsync_scored_at",
			Key:        "leadsync_key",
		},
	}
}

// defaultStages are S8 with the values of hubspot-api 6.1.
func defaultStages() map[string]string {
	return map[string]string{
		"subscriber":  "subscriber",
		"lead":        "lead",
		"mql":         "marketingqualifiedlead",
		"sql":         "salesqualifiedlead",
		"opportunity": "opportunity",
		"customer":    "customer",
		"evangelist":  "evangelist",
		"other":       "other",
	}
}

// defaultStatuses are S87 to S92 with the values of hubspot-api 6.2.
func defaultStatuses() map[string]string {
	return map[string]string{
		"new":         "NEW",
		"attempted":   "ATTEMPTED_TO_CONTACT",
		"bad_timing":  "BAD_TIMING",
		"in_progress": "IN_PROGRESS",
		"open_deal":   "OPEN_DEAL",
		"unqualified": "UNQUALIFIED",
	}
}

// defaultDispositions are the ids of hubspot-api 9.1.
func defaultDispositions() map[string][]string {
	return map[string][]string{
		"connected":    {"f240bbac-87c9-4f6e-bf70-924b57d47db7"},
		"no_answer":    {"73a0d17f-1163-4015-bdd5-ec830791da20"},
		"busy":         {"9d9162e7-6cf3-4944-bf63-4dff82258764"},
		"voicemail":    {"b2cf5968-551e-4856-9783-52b3da59a7d0"},
		"live_message": {"a4c4c377-d246-4b32-a13b-75a56a4cd0ff"},
		"wrong_number": {"17b47fee-58de-441e-a44c-c6300d46f273"},
	}
}
