package main

import (
	"os"
	"strings"
	"testing"
	"time"
)

// every key that the language has for tasks, with reps who ignore, complete, edit and delete them.
const followUpsWithEverything = `follow_ups:
  - {name: first contact, on_status: new, task: {kind: call, due: 1wd, priority: high, subject: "First call: {name}"}}
  - name: call again
    on_status: attempted
    obsolete_when: budget > 60000
    task:
      kind: call
      due: 2d
      subject: "Call {name} again, no. {attempt}"
      remind: 30m
      ladder: [{due: 1d, priority: high}, {due: 2wd}, {due: 4wh, subject: "Last call: {name}", priority: low}]
      then: {status: unqualified}
  - {name: ask later, on_status: bad_timing, after: 3d, while: count("call") < 9, task: {due: 12h, due_fact: call_back_on, subject: "Ask {name} again"}}
  - {name: thank, on_activity: {kind: call, where: 'outcome == "connected"'}, obsolete_when: open_deals >= 1, task: {kind: email, due: 4wh, subject: "Thank {name}"}}
  - {name: prepare, on_stage: sql, task: {due: 1wd, priority: low, subject: "Read about {name}"}}
  - {name: go on, on_activity: {kind: meeting, where: 'outcome == "completed"'}, after: 1d, task: {kind: todo, due: 1wd, subject: "After the meeting with {name}"}}
  - {name: open the deal, on_status: open_deal, deal: {name: "{company}: {name}", pipeline: sales, amount: budget, close_in: 60d}}
  - {name: close reminders, on_status: unqualified, close_tasks: true}
`

// The whole language of tasks in an account full of people, told by the account's own journal.
func TestDemo_tasksOfEveryKind(t *testing.T) {
	model := string(demoModel())
	head, _, found := strings.Cut(model, "follow_ups:\n")
	if !found {
		t.Fatal("the demo's model has no follow-ups")
	}
	out := &lockedBuffer{}
	env := environment{
		stdin: strings.NewReader(""), stdout: out, stderr: out, now: time.Now, readFile: os.ReadFile, getenv: func(string) string { return "" },
	}
	d := &demo{
		demoOptions: demoOptions{turns: 16, speed: 60 * time.Hour, contacts: 200, seed: 4}, env: &env, screen: newScreen(&env),
		model: []byte(head + followUpsWithEverything),
	}
	err := d.run(t.Context())
	if _, audit, _ := strings.Cut(out.String(), "Audit ("); err != nil {
		t.Errorf("%v\n%s", err, audit)
	}
	report := d.audit()
	if report.Tasks < 20 || report.Amended == 0 || report.Archived == 0 {
		t.Errorf("so little happened that nothing is proven: %+v", report)
	}
}
