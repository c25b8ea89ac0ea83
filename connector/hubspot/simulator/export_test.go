package simulator

// HistorySize is how many versions the account keeps of all properties of a record, for tests of its bound.
func (a *Account) HistorySize(typ, id string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, err := a.table(typ)
	if err != nil {
		return -1
	}
	r := t.byID[parseID(id)]
	if r == nil {
		return -1
	}
	return len(r.entries)
}
