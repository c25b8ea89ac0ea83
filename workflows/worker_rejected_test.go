package workflows_test

import (
	"context"
	"errors"
	"testing"

	"leadsync/connector"
	"leadsync/workflows"
)

// hearing is a CRM that rejects the token at a call for which nobody returns it.
type hearing struct{ *crm }

func (h hearing) Update(ctx context.Context, t connector.ObjectType, u []connector.Update) []connector.UpdateResult {
	connector.Reject(ctx, &connector.Error{Kind: connector.ErrUnauthorized, Op: "update contacts", Status: 401})
	return h.crm.Update(ctx, t, u)
}

// TestWorker_rejected: the work ends with the token, whoever heard of it.
func TestWorker_rejected(t *testing.T) {
	b := newBench(t)
	b.pusher.CRM = hearing{b.crm}
	b.plan(update("1", workflows.ClassStage, map[string]string{"lifecyclestage": "lead"}))
	ctx, cancel := context.WithCancel(connector.UntilRejected(t.Context()))
	defer cancel()
	w := newWorker(b)
	w.Stepped = func(bool) { cancel() } // nothing was heard
	if err := w.Run(ctx, b.fence); !errors.Is(err, connector.ErrUnauthorized) {
		t.Errorf("the work ended with %v", err)
	}
}
