package audit_test

import (
	"strings"
	"testing"

	"leadsync/cmd/leadsync/audit"
	"leadsync/connector/hubspot/simulator"
)

// What satisfies a rule does not keep an open task with somebody who has left, and another key is a must (rule 18).
func TestAuditPassesOnWhateverSatisfies(t *testing.T) {
	for name, test := range map[string]struct {
		tell func(s *caller, due string)
		want string
	}{
		"passed on": {func(s *caller, due string) {
			s.change(s.task, map[string]string{"hubspot_owner_id": s.owner, "hs_timestamp": due, "leadsync_key": s.key()})
		}, ""},
		"under its key": {func(s *caller, due string) {
			s.change(s.task, map[string]string{"hubspot_owner_id": s.owner, "hs_timestamp": due})
		}, "task key"},
		"left, since a meeting lies ahead": {func(*caller, string) {}, "task"},
		"an hour later than it was": {func(s *caller, _ string) {
			s.change(s.task, map[string]string{"hubspot_owner_id": s.owner, "hs_timestamp": "2026-03-05T09:00:00Z", "leadsync_key": s.key()})
		}, "task due date"},
	} {
		t.Run(name, func(t *testing.T) {
			const due = "2026-03-05T08:00:00Z"
			s := newCaller(t)
			lea := s.account.CreateOwner("Lea Leaver", "lea@our-company.example", true)
			s.at("2026-03-03 12:00")
			s.set(person, s.dora, map[string]string{"hubspot_owner_id": lea, "hs_lead_status": "ATTEMPTED_TO_CONTACT"})
			props := s.again(1)
			props["hubspot_owner_id"], props["hs_timestamp"] = lea, due
			delete(props, "hs_task_reminders")
			s.change(s.task, props)
			s.at("2026-03-03 15:00")
			_, err := s.account.LogMeeting(person, s.dora, simulator.Meeting{At: at("2026-03-10 09:00")})
			s.must(err)
			s.at("2026-03-03 16:00")
			s.must(s.account.SetOwnerActive(lea, false))
			s.at(next)
			test.tell(s, due)
			in := s.input(replaced(t, replaced(t, tasksText(t), "      remind: 30m\n", ""), "ladder: [{due: 1wd}", "ladder: [{due: 2wd}"))
			in.Mapping.Queues = map[string]string{"hot": "771"}
			check(t, audit.Run(in), test.want)
		})
	}
}

// A wait of working time ends when work of the owner would be due (rule 6): Wednesday 12:00 UTC and 6wh later is Thursday
// 10:00 UTC for somebody who works from 08:00 to 16:00 UTC.
func TestAuditWaitsForWorkingTime(t *testing.T) {
	for name, test := range map[string]struct {
		asked string
		want  string
	}{
		"at its end": {"2026-03-05 10:00", ""}, "before": {"2026-03-05 09:30", "task"}, "by the clock on the wall": {"2026-03-04 18:00", "task"}, "never": {"", "task"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newCaller(t)
			s.at("2026-03-04 12:00")
			s.set(person, s.dora, map[string]string{"hs_lead_status": "BAD_TIMING"})
			s.archive(s.task)
			for _, when := range []string{"2026-03-04 18:00", "2026-03-05 09:30", "2026-03-05 10:00"} {
				if s.at(when); when == test.asked {
					s.make("TODO", map[string]string{
						"hs_task_subject": "Ask Dora Neu later", "hs_timestamp": "2026-03-06T08:00:00Z", "hubspot_owner_id": s.owner, "leadsync_key": s.key(),
					})
				}
			}
			in := s.input(strings.Replace(tasksText(t), "after: 2d", "after: 6wh", 1))
			in.Mapping.Queues = map[string]string{"hot": "771"}
			check(t, audit.Run(in), test.want)
		})
	}
}

// An activity is news only if it comes after the one that was considered last (rule 6).
func TestAuditHearsNothingOld(t *testing.T) {
	for name, asks := range map[string]bool{"nothing is asked for": false, "and yet": true} {
		t.Run(name, func(t *testing.T) {
			s := newCaller(t)
			thank := func(due string) map[string]string {
				return map[string]string{"hs_task_subject": "Thank Dora Neu", "hs_timestamp": due, "hubspot_owner_id": s.owner, "leadsync_key": s.key()}
			}
			s.at(later)
			s.call(s.dora, simulator.CallConnected)
			mail := s.make("EMAIL", thank("2026-03-04T08:00:00Z"))
			s.at(next)
			second, err := s.account.LogCall(person, s.dora, simulator.Call{Disposition: simulator.CallConnected})
			s.must(err)
			s.change(mail, thank("2026-03-05T08:00:00Z"))
			s.at(third)
			s.must(s.account.Archive(person, simulator.Calls, second)) // the first one is the newest again, and no news
			want := ""
			if asks {
				s.change(mail, map[string]string{"hs_timestamp": "2026-03-06T08:00:00Z", "leadsync_key": s.key()})
				want = "task amended"
			}
			check(t, s.audit(), want)
		})
	}
}
