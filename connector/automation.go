package connector

// Automation is something in the account that acts by itself on a property we write.
type Automation struct {
	ID      string
	Name    string
	Active  bool
	Enrols  []string // properties whose change or value enrols records
	Sets    []string // properties that it sets
	Address string   // link for people; empty if unknown
	// Type is the kind of record that it enrols; empty for kinds that leadsync does not read.
	Type ObjectType
	// Unread names the parts that the connector does not understand ("action 1-42", "list 7"), in the CRM's own
	// words. While it is not empty, Enrols and Sets may lack properties, and a person has to look.
	Unread []string
}

// CallLimit is what the CRM said last about one budget of calls. Numbers it did not state are -1.
type CallLimit struct {
	Bucket         string
	Max, Remaining int
	Window         string // as the CRM states it, e.g. "10s"; empty if unknown
	Daily          int
	DailyRemaining int
}
