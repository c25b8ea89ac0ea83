package connector

import "context"

// Purpose says what a call to the CRM is for, so that an integration's cost can be told by what it is spent
// on (every account has a daily limit of calls).
type Purpose string

// The purposes of calls.
const (
	PurposeLoad      Purpose = "load"      // first load
	PurposeSweep     Purpose = "sweep"     // scheduled search for changes
	PurposeReconcile Purpose = "reconcile" // reading due records
	PurposePush      Purpose = "push"      // writing effects
	PurposeVerify    Purpose = "verify"    // reading back, looking up lost answers
	PurposeRepair    Purpose = "repair"    // slow anti-entropy walk
	PurposeHistory   Purpose = "history"   // property history
	PurposeSource    Purpose = "source"    // optional sources: submissions of forms, visited pages
	PurposeSetup     Purpose = "setup"     // describing the account, commands of operators
)

type purposeKey struct{}

// For marks the calls made under a context with their purpose.
func For(ctx context.Context, p Purpose) context.Context {
	return context.WithValue(ctx, purposeKey{}, p)
}

// PurposeOf is the purpose of a context; PurposeSetup if nobody said.
func PurposeOf(ctx context.Context) Purpose {
	if p, ok := ctx.Value(purposeKey{}).(Purpose); ok {
		return p
	}
	return PurposeSetup
}
