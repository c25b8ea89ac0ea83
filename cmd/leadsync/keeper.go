package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/vault"
	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// grantKeeper keeps the OAuth grant of one portal in the installation's database, encrypted. It is asked once
// in half an hour, so it opens the database for every question: each command works with it alike, and nothing
// has to be closed at the end.
type grantKeeper struct {
	env    *environment
	cfg    *config.Config
	portal connector.PortalID
	vault  *vault.Vault
	holder string // names this keeper among all processes in claims
}

func newGrantKeeper(env *environment, cfg *config.Config, p config.Portal) (*grantKeeper, error) {
	current, err := readKey(env, cfg.CredentialsKey)
	if err != nil {
		return nil, err
	}
	var previous []vault.Key
	if !cfg.PreviousCredentialsKey.IsZero() {
		key, err := readKey(env, cfg.PreviousCredentialsKey)
		if err != nil {
			return nil, err
		}
		previous = append(previous, key)
	}
	v, err := vault.New(current, previous...)
	if err != nil {
		return nil, err
	}
	return &grantKeeper{env: env, cfg: cfg, portal: p.Account, vault: v, holder: rand.Text()}, nil
}

func readKey(env *environment, source config.SecretSource) (vault.Key, error) {
	secret, err := source.Read(env.getenv, env.readFile)
	if err != nil {
		return vault.Key{}, fmt.Errorf("%w; make a key with: %s", err, vault.HowToMake)
	}
	key, err := vault.ParseKey(secret.Reveal())
	if err != nil {
		return vault.Key{}, fmt.Errorf("read %s: %w", source.Key, err)
	}
	return key, nil
}

// with runs something on the opened database.
func (k *grantKeeper) with(ctx context.Context, do func(*store.Store) error) error {
	st, err := (&installation{cfg: k.cfg}).open(ctx, k.env)
	if err != nil {
		return err
	}
	return errors.Join(do(st), st.Close())
}

// Load gives the stored grant, or hubspot.ErrNoGrant.
func (k *grantKeeper) Load(ctx context.Context) (hubspot.Kept, error) {
	if file := k.cfg.Database.File; file != "" {
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
			return hubspot.Kept{}, hubspot.ErrNoGrant // looking makes no database
		}
	}
	var c store.Credential
	err := k.with(ctx, func(st *store.Store) (err error) {
		c, err = st.Credential(ctx, k.portal)
		return err
	})
	if errors.Is(err, workflows.ErrNoRecord) {
		return hubspot.Kept{}, hubspot.ErrNoGrant
	}
	if err != nil {
		return hubspot.Kept{}, err
	}
	plain, err := k.vault.Open(string(k.portal), c.Sealed, c.KeyID)
	if err != nil {
		return hubspot.Kept{}, fmt.Errorf("credential of account %s: %w", k.portal, err)
	}
	grant, err := hubspot.ParseGrant(plain)
	return hubspot.Kept{Grant: grant, Version: c.Version, Disconnected: !c.DisconnectedAt.IsZero()}, err
}

// Claim takes the sole right to refresh.
func (k *grantKeeper) Claim(ctx context.Context, version int64, d time.Duration) (bool, error) {
	ok := false
	err := k.with(ctx, func(st *store.Store) (err error) {
		ok, err = st.ClaimCredential(ctx, k.portal, version, k.holder, d)
		return err
	})
	return ok, err
}

// Save puts a refreshed grant in the place of the named version, or gives hubspot.ErrGrantChanged.
func (k *grantKeeper) Save(ctx context.Context, version int64, g hubspot.Grant) error {
	sealed, keyID, err := k.seal(g)
	if err != nil {
		return err
	}
	return k.changed(ctx, func(st *store.Store) (bool, error) {
		return st.ReplaceCredential(ctx, k.portal, version, sealed, keyID)
	})
}

// Release ends the claim, or gives hubspot.ErrGrantChanged.
func (k *grantKeeper) Release(ctx context.Context, version int64, refused bool) error {
	return k.changed(ctx, func(st *store.Store) (bool, error) {
		return st.ReleaseCredential(ctx, k.portal, version, k.holder, refused)
	})
}

func (k *grantKeeper) changed(ctx context.Context, do func(*store.Store) (bool, error)) error {
	return k.with(ctx, func(st *store.Store) error {
		ok, err := do(st)
		if err == nil && !ok {
			return hubspot.ErrGrantChanged
		}
		return err
	})
}

// put stores what a person has just granted.
func (k *grantKeeper) put(ctx context.Context, g hubspot.Grant) error {
	sealed, keyID, err := k.seal(g)
	if err != nil {
		return err
	}
	return k.with(ctx, func(st *store.Store) error {
		_, err := st.PutCredential(ctx, k.portal, sealed, keyID)
		return err
	})
}

// remove deletes what is stored and reports whether there was something.
func (k *grantKeeper) remove(ctx context.Context) (bool, error) {
	found := false
	err := k.with(ctx, func(st *store.Store) (err error) {
		found, err = st.DeleteCredential(ctx, k.portal)
		return err
	})
	return found, err
}

// reseal encrypts what is stored with the present key, whichever of the keys at hand it was encrypted with, and gives
// the ids of the two keys. hubspot.ErrNoGrant: nothing is stored; hubspot.ErrGrantChanged: somebody refreshed it
// meanwhile, which encrypts it with the key of that process.
func (k *grantKeeper) reseal(ctx context.Context) (before, after string, err error) {
	kept, err := k.Load(ctx)
	if err != nil {
		return "", "", err
	}
	err = k.with(ctx, func(st *store.Store) error {
		c, err := st.Credential(ctx, k.portal)
		before = c.KeyID
		return err
	})
	if err != nil {
		return "", "", err
	}
	if kept.Disconnected {
		return "", "", hubspot.ErrDisconnected
	}
	if err := k.Save(ctx, kept.Version, kept.Grant); err != nil {
		return "", "", err
	}
	return before, k.vault.KeyID(), nil
}

func (k *grantKeeper) seal(g hubspot.Grant) (sealed []byte, keyID string, err error) {
	plain, err := g.Plain()
	if err != nil {
		return nil, "", fmt.Errorf("encode grant: %w", err)
	}
	return k.vault.Seal(string(k.portal), plain)
}
