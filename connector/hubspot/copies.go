package hubspot

import (
	"context"
	"errors"
	"slices"

	"leadsync/connector"
)

// Archive puts records away, 100 a call. A record that is gone already counts as archived; the first other
// refusal is the error, and the call may be repeated. It is for the copies that FindByKey names: what a person
// touched is not among them.
func (c *Client) Archive(ctx context.Context, typ connector.ObjectType, ids []connector.ObjectID) error {
	for chunk := range slices.Chunk(distinct(ids), batchLimit) {
		failed, _, err := c.archive(ctx, typ, chunk)
		if err != nil {
			return err
		}
		for _, id := range chunk {
			if bad := failed[id]; bad != nil && !errors.Is(bad, connector.ErrNotFound) {
				return bad
			}
		}
	}
	return nil
}
