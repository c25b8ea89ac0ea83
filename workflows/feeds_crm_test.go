package workflows_test

import (
	"context"
	"slices"

	"leadsync/connector"
)

// Archived says that everything that is not there can be restored, but for what was deleted for good.
func (c *crm) Archived(_ context.Context, _ connector.ObjectType, ids []connector.ObjectID) ([]connector.ObjectID, error) {
	return slices.DeleteFunc(slices.Clone(ids), func(id connector.ObjectID) bool { return c.fail["archived "+string(id)] != nil }),
		c.fail["Archived"]
}
