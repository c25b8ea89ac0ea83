package service

// processReadiness says what this process is among the others.
type processReadiness struct {
	Worker string `json:"worker"`
	Role   Role   `json:"role"`
	// Workers are the processes that were alive at the last look and share the same portals; zero for a receiver.
	Workers int `json:"workers"`
	// Held is how many portals this process works.
	Held int `json:"portals_held"`
}

func (s *Service) processReadiness() processReadiness {
	return processReadiness{Worker: s.Worker, Role: s.Role, Workers: s.share.workers(), Held: len(s.held())}
}

// sharing tells how the portals are shared, once they are.
func (s *Service) sharing(gauge func(name, help string, v float64, labels, values []string)) {
	p := s.processReadiness()
	gauge("workers_alive", "Processes that share the portals, as this one sees it.", float64(p.Workers), nil, nil)
	gauge("portals_held", "Portals that this process works.", float64(p.Held), nil, nil)
}
