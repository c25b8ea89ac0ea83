package store

import (
	"context"
	"fmt"

	"leadsync/connector"
	"leadsync/workflows"
)

const saveAnswers = `INSERT INTO answers (portal, contact, entry_key, generation, attempt, class, kind, worker, decided_at,
    sent_at, answered_at, state, remote_id, answer)
SELECT ?, j.value->>0, j.value->>1, CAST(j.value->>2 AS BIGINT), CAST(j.value->>3 AS INTEGER), j.value->>4, j.value->>5,
    CAST(? AS TEXT), CAST(j.value->>6 AS BIGINT), CAST(j.value->>7 AS BIGINT), CAST(? AS BIGINT), j.value->>8, j.value->>9,
    j.value->>10
FROM {rows} WHERE true ON CONFLICT (portal, entry_key, generation, attempt, answered_at) DO NOTHING`

// saveAnswers appends what the CRM answered, in the transaction that settles it.
func (in *session) saveAnswers(ctx context.Context, fence workflows.Fence, answers rows) error {
	if err := in.bulk(ctx, saveAnswers, answers, fence.Portal, fence.Worker, micros(in.now)); err != nil {
		return fmt.Errorf("store answers: %w", err)
	}
	return nil
}

// answerRow is the row of saveAnswers for one outcome. The state is what became of the sending, which is not the
// entry's if that was planned anew meanwhile: then nothing says when what was sent had been decided.
func answerRow(row entryColumns, one workflows.Settlement) []any {
	decided := row.PlannedAt
	if row.Generation != row.SentGeneration {
		decided = nil
	}
	return []any{
		string(row.Contact), row.Key, row.SentGeneration, row.Attempt, string(row.Class), string(row.Kind), decided, row.SentAt,
		string(one.State), string(one.RemoteID), one.Error,
	}
}

type answerColumns struct {
	Contact    connector.ObjectID   `db:"contact"`
	Key        string               `db:"entry_key"`
	Class      workflows.Class      `db:"class"`
	Kind       workflows.EntryKind  `db:"kind"`
	Attempt    int                  `db:"attempt"`
	Worker     string               `db:"worker"`
	DecidedAt  *int64               `db:"decided_at"`
	SentAt     *int64               `db:"sent_at"`
	AnsweredAt int64                `db:"answered_at"`
	State      workflows.EntryState `db:"state"`
	RemoteID   connector.ObjectID   `db:"remote_id"`
	Answer     string               `db:"answer"`
}

const findAnswers = `SELECT contact, entry_key, class, kind, attempt, worker, decided_at, sent_at, answered_at, state,
    remote_id, answer FROM answers
WHERE portal = ? AND (contact = ? OR contact IN (SELECT id FROM aliases WHERE portal = ? AND survivor = ?))
ORDER BY answered_at DESC, entry_key, attempt DESC LIMIT ?`

// Answers gives what the CRM answered to the last sendings for a contact and for those that were merged into it,
// newest first.
func (s *Store) Answers(
	ctx context.Context, portal connector.PortalID, contact connector.ObjectID, limit int,
) ([]workflows.Answer, error) {
	var answers []workflows.Answer
	err := s.read(ctx, "read answers", func(in *session) error {
		var found []answerColumns
		err := in.list(ctx, &found, findAnswers, portal, contact, portal, contact, limit)
		for _, r := range found {
			answers = append(answers, workflows.Answer{
				Contact: r.Contact, Key: r.Key, Class: r.Class, Kind: r.Kind, Attempt: r.Attempt, Worker: r.Worker,
				DecidedAt: fromMicros(r.DecidedAt), SentAt: fromMicros(r.SentAt), At: fromMicros(&r.AnsweredAt),
				State: r.State, RemoteID: r.RemoteID, Text: r.Answer,
			})
		}
		return err
	})
	return answers, err
}
