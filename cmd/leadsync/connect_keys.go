package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"leadsync/cmd/leadsync/config"
	"leadsync/connector/hubspot"
)

// byOtherKey is the second step of a change of keys: credentials_key is the new one, previous_credentials_key the old.
func (c *connectResult) byOtherKey(ctx context.Context, env *environment, in *installation, p config.Portal) error {
	keeper, err := newGrantKeeper(env, in.cfg, p)
	if err != nil {
		return err
	}
	before, after, err := keeper.reseal(ctx)
	switch {
	case errors.Is(err, hubspot.ErrNoGrant):
		return errors.New("it is not connected: there is nothing to encrypt; run `leadsync connect`")
	case errors.Is(err, hubspot.ErrGrantChanged):
		return fmt.Errorf("%w; a running `leadsync serve` has just stored a new grant: run this once more", err)
	case errors.Is(err, hubspot.ErrDisconnected):
		return fmt.Errorf("%w; run `leadsync connect`", err)
	case err != nil:
		return err
	}
	c.Key, c.KeyBefore = after, before
	if !in.cfg.PreviousCredentialsKey.IsZero() {
		c.Next = append(c.Next, "do the same for every other portal with oauth",
			"take previous_credentials_key out of the configuration and restart `leadsync serve`")
	}
	return nil
}

func (c *connectResult) writeKeys(w io.Writer) {
	if c.KeyBefore == c.Key {
		tell(w, "portal %s: the grant was encrypted with key %s already, and is encrypted with it anew.\n", c.Portal, c.Key)
	} else {
		tell(w, "portal %s: the grant was encrypted with key %s and is with key %s now.\n", c.Portal, c.KeyBefore, c.Key)
	}
	if len(c.Next) > 0 {
		writeNext(w, c.Next)
	}
}
