package hubspot

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/oauth2"

	"leadsync/connector"
)

const (
	// refreshWithin bounds one refresh with its retries, storeWithin its storing. A claim outlives both, so that
	// nobody else begins while an answer can still arrive.
	refreshWithin = 30 * time.Second
	storeWithin   = 10 * time.Second
	claimFor      = 45 * time.Second

	// lookAgain is how often to look whether another process has finished its refresh, looks how often at most:
	// longer than a claim of a process that has died.
	lookAgain = 250 * time.Millisecond
	looks     = 400
	// enough is how much life a token must have left to be used while its refresh has to wait.
	enough = 30 * time.Second
)

func errNoKeeper(op string) error {
	return &connector.Error{Kind: connector.ErrUnauthorized, Op: op, Message: "there is nowhere to keep tokens"}
}

// Token gives an access token for Config.Token. It refreshes 5 minutes before the end (hubspot-api 2.2): one
// refresh at a time in this process, and among all processes that share the keeper. A refresh token that came
// back is stored before its access token is used. The error is a *connector.Error: ErrUnauthorized with
// ErrDisconnected or ErrWrongClient below, ErrUnavailable or ErrThrottled.
func (o *OAuth) Token(ctx context.Context) (string, error) { return o.access(ctx, "") }

// Renew is for Config.Renew: it gives another token than the one that HubSpot has rejected with a 401. If
// another call or another process has refreshed meanwhile, that token is taken.
func (o *OAuth) Renew(ctx context.Context, rejected string) (string, error) {
	return o.access(ctx, rejected)
}

const opRefresh = "refresh access token"

func (o *OAuth) access(ctx context.Context, rejected string) (string, error) {
	if o.cfg.Keeper == nil {
		return "", errNoKeeper(opRefresh)
	}
	select {
	case o.turn <- struct{}{}:
	case <-ctx.Done():
		return "", lost(opRefresh, ctx.Err())
	}
	defer func() { <-o.turn }()
	if o.unstored == nil && o.fresh(rejected) {
		return o.kept.Grant.AccessToken, nil
	}
	for range looks {
		token, err := o.advance(ctx, rejected)
		if token != "" || err != nil {
			return token, err
		}
		if err := pause(ctx, lookAgain/2+time.Duration(o.cfg.Jitter()*float64(lookAgain))); err != nil {
			return "", lost(opRefresh, err)
		}
	}
	return "", &connector.Error{Kind: connector.ErrUnavailable, Op: opRefresh, Message: "another process claims the refresh and does not finish it"}
}

// advance takes one look at what is stored and refreshes if that is to be done and nobody else does it. It
// gives nothing if another look is needed.
func (o *OAuth) advance(ctx context.Context, rejected string) (string, error) {
	if err := o.store(ctx); err != nil {
		return "", err
	}
	kept, err := o.cfg.Keeper.Load(ctx)
	switch {
	case errors.Is(err, ErrNoGrant):
		return "", &connector.Error{Kind: connector.ErrUnauthorized, Op: opRefresh, Message: "no grant is stored", Err: ErrDisconnected}
	case err != nil:
		return "", unkept("load grant", err)
	case kept.Disconnected:
		return "", &connector.Error{Kind: connector.ErrUnauthorized, Op: opRefresh, Message: "HubSpot has refused the refresh token", Err: ErrDisconnected}
	}
	o.kept = kept
	if o.fresh(rejected) {
		return kept.Grant.AccessToken, nil
	}
	claimed, err := o.cfg.Keeper.Claim(ctx, kept.Version, claimFor)
	if err != nil {
		return "", unkept("claim refresh", err)
	}
	if claimed {
		return o.refresh(ctx, rejected)
	}
	if o.alive(rejected) {
		return kept.Grant.AccessToken, nil
	}
	return "", nil
}

// refresh asks for new tokens under a claim. Once begun it is finished and stored even if the caller gives
// up: the answer may hold the only refresh token that still works.
func (o *OAuth) refresh(ctx context.Context, rejected string) (string, error) {
	version := o.kept.Version
	g, err := o.ask(ctx)
	if err == nil {
		o.unstored = &Kept{Grant: g, Version: version}
		if err := o.store(ctx); err != nil {
			return "", err
		}
		if o.kept.Version == version { // ours is stored; else somebody's newer one, which advance reads
			o.kept.Grant = g
			return g.AccessToken, nil
		}
		return "", nil
	}
	refused := errors.Is(err, ErrDisconnected)
	release, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWithin)
	defer cancel()
	if rerr := o.cfg.Keeper.Release(release, version, refused); rerr != nil {
		// The claim ends by itself; the refusal is learned again.
		o.cfg.Logger.WarnContext(ctx, "release claim on refresh", slog.Any("error", rerr))
		if errors.Is(rerr, ErrGrantChanged) {
			return "", nil // the refused grant has been replaced meanwhile: look again
		}
	}
	if !refused && o.alive(rejected) {
		o.cfg.Logger.WarnContext(ctx, "refresh failed, the present token still works", slog.Any("error", err))
		return o.kept.Grant.AccessToken, nil
	}
	return "", err
}

// ask makes the call.
func (o *OAuth) ask(ctx context.Context) (Grant, error) {
	secret, err := o.secret(opRefresh)
	if err != nil {
		return Grant{}, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshWithin)
	defer cancel()
	begin, before := o.cfg.Now(), o.kept.Grant
	calling := o.calling(ctx, opRefresh, settles)
	token, err := o.settings(secret).TokenSource(calling, &oauth2.Token{RefreshToken: before.RefreshToken}).Token()
	if err != nil {
		return Grant{}, failure(opRefresh, err)
	}
	g, err := grantOf(opRefresh, token, begin)
	if err != nil {
		return Grant{}, err
	}
	if g.Account == "" {
		g.Account = before.Account
	}
	if len(g.Scopes) == 0 {
		g.Scopes = before.Scopes
	}
	if before.Account != "" && g.Account != before.Account {
		return Grant{}, &connector.Error{
			Kind: connector.ErrUnauthorized, Op: opRefresh,
			Message: "the token that came back is for account " + string(g.Account) + ", the grant is of account " + string(before.Account),
		}
	}
	return g, nil
}

// store saves what came back from HubSpot and is not stored yet. Of what the keeper has, it forgets its view
// if that was replaced by somebody else, or by ourselves in a commit whose answer was lost: what is stored counts.
func (o *OAuth) store(ctx context.Context) error {
	if o.unstored == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWithin)
	defer cancel()
	err := o.cfg.Keeper.Save(ctx, o.unstored.Version, o.unstored.Grant)
	if errors.Is(err, ErrGrantChanged) {
		o.unstored, o.kept = nil, Kept{}
		return nil
	}
	if err != nil {
		return unkept("store grant", err)
	}
	o.unstored = nil
	return nil
}

// fresh reports whether the token as last seen needs no refresh yet and is not the rejected one.
func (o *OAuth) fresh(rejected string) bool {
	g := o.kept.Grant
	return g.AccessToken != "" && g.AccessToken != rejected && (g.RenewAt.IsZero() || o.cfg.Now().Before(g.RenewAt))
}

// alive reports whether the token works for a while yet, refresh or not.
func (o *OAuth) alive(rejected string) bool {
	g := o.kept.Grant
	return g.AccessToken != "" && g.AccessToken != rejected && (g.ExpiresAt.IsZero() || o.cfg.Now().Add(enough).Before(g.ExpiresAt))
}

// unkept is a failure of the keeper. Nothing is known to be wrong with the grant.
func unkept(op string, err error) *connector.Error {
	return &connector.Error{Kind: connector.ErrUnavailable, Op: op, Message: "the store of credentials failed", Err: err}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
