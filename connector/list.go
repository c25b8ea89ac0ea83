package connector

// List is a static list of contacts: one that other systems may add to and remove from.
type List struct {
	ID   string
	Name string
	// Static is false for a list that the CRM computes itself; nobody can add to it.
	Static bool
}

// ListChange asks for contacts to be put on, or taken off, one static list. Both are absolute: doing it again
// changes nothing.
type ListChange struct {
	List   string // the CRM's id
	Add    bool   // false: remove
	Member []ObjectID
}

// ListResult tells what became of a ListChange. Every member asked for is in exactly one of the two, or the
// call failed.
type ListResult struct {
	Done    []ObjectID // are on the list now (or off it), whether they were before or not
	Missing []ObjectID // records that the CRM does not have
}
