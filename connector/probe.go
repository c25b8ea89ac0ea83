package connector

// UniqueProbe is what an attempt to create two records under one key found out (hubspot-api 7.3). It decides
// between the protocol with a unique property and the fallback with a marker.
type UniqueProbe struct {
	// Unique is true if the CRM refused the second record: the key protects against doubles.
	Unique bool
	// Refusal is why it does not, in the CRM's own words where it gave any; empty if Unique.
	Refusal string
	// Freed is true if the key can be used again once its record is archived.
	Freed bool
	// Left are probe records that are still there, because archiving them failed: somebody must delete them.
	Left []ObjectID
}
