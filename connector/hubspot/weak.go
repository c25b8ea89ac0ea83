package hubspot

// Weak switches defences of the client off, so that the simulation can show what each protects from. The zero value
// switches off none, and it is all that there is outside the simulation.
type Weak struct {
	// Repeats sends a creation once more although HubSpot may have carried it out.
	Repeats bool
	// Uncompared takes what an answer of a batch leaves out for done.
	Uncompared bool
	// SilentAbsent takes a record that an answer does not mention for one that is not there.
	SilentAbsent bool
	// Overwrites amends and archives tasks of ours whatever people made of them.
	Overwrites bool
}

// repeating is the request as the retry policy sees it.
func (w Weak) repeating(r request) request {
	if w.Repeats && r.effect == creates {
		r.effect = settles
	}
	return r
}
