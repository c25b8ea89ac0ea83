package service

import (
	"context"
	"fmt"
)

// Role is what of leadsync a process is.
type Role string

// The roles. Receivers and workers scale apart: a receiver stores webhooks and needs no token of a CRM; a worker
// has no route for webhooks.
const (
	RoleAll      Role = "all"
	RoleReceiver Role = "receiver"
	RoleWorker   Role = "worker"
)

// Roles are all roles.
func Roles() []Role { return []Role{RoleAll, RoleReceiver, RoleWorker} }

// works reports whether the process works portals.
func (s *Service) works() bool { return s.Role != RoleReceiver }

// receives reports whether the process takes webhooks.
func (s *Service) receives() bool { return s.Role != RoleWorker }

// receive makes the portals known and then leaves everything to the requests.
func (s *Service) receive(ctx context.Context) error {
	if err := s.register(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// checkRole refuses what cannot work.
func (s *Service) checkRole() error {
	switch s.Role {
	case RoleAll, RoleWorker:
		return nil
	case RoleReceiver:
		for _, r := range s.order {
			if r.conn.Verifier != nil {
				return nil
			}
		}
		return fmt.Errorf("a %s has nothing to do: no portal has `webhooks: {enabled: true}`", s.Role)
	}
	return fmt.Errorf("unknown role %q", s.Role)
}
