package hubspot

import (
	"context"
	"errors"
	"net/url"
	"slices"

	"leadsync/connector"
)

// Archived gives those of the named records that are in HubSpot's recycle bin, in the order of the answer. A
// record that is neither there nor among the others was deleted for good: a privacy deletion, or 90 days in the
// bin (hubspot-api 5.5). One that was merged into a record in the bin is there too.
func (c *Client) Archived(
	ctx context.Context, typ connector.ObjectType, ids []connector.ObjectID,
) ([]connector.ObjectID, error) {
	name, err := plural(typ)
	if err != nil {
		return nil, err
	}
	var there []connector.ObjectID
	for chunk := range slices.Chunk(distinct(ids), batchLimit) {
		inputs := make([]string, len(chunk))
		for i, id := range chunk {
			inputs[i] = string(id)
		}
		out, err := c.batchRead(ctx, batchReading{name: name, inputs: inputs, archived: true})
		if err != nil {
			return nil, err
		}
		if err := out.onlyAbsence("read archived " + name); err != nil {
			return nil, err
		}
		for _, rec := range out.Results {
			if id := connector.ObjectID(rec.ID); slices.Contains(chunk, id) { // and not the survivor of one
				there = append(there, id)
			}
		}
		for _, id := range out.silentAbout(inputs, recordID) {
			if c.weak.SilentAbsent {
				break
			}
			binned, err := c.binned(ctx, typ, connector.ObjectID(id))
			if err != nil {
				return nil, err
			}
			if binned {
				there = append(there, connector.ObjectID(id))
			}
		}
	}
	return there, nil
}

// binned asks the bin for one record alone: a batch is silent about merged ones, and an empty 207 about all,
// and what is in neither place counts as deleted for good. Who was merged into somebody in the bin answers as that one, and
// can come back as that one.
func (c *Client) binned(ctx context.Context, typ connector.ObjectType, id connector.ObjectID) (bool, error) {
	_, err := c.getPart(ctx, typ, id, url.Values{"archived": {"true"}})
	if errors.Is(err, connector.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
