package population

import (
	"slices"
	"time"
)

// DeedKind says what sort of thing a person did.
type DeedKind string

// The kinds of deeds. Visitors' first, then those of salespeople.
const (
	PageView         DeedKind = "page view"
	MailOpen         DeedKind = "mail open"
	MailClick        DeedKind = "mail click"
	MachineClick     DeedKind = "machine click" // a link scanner's burst, nobody's interest (C3)
	MailReply        DeedKind = "mail reply"
	Form             DeedKind = "form"
	SignUp           DeedKind = "sign-up" // a new contact
	Enrichment       DeedKind = "enrichment"
	Objection        DeedKind = "objection" // to profiling
	ObjectionEnded   DeedKind = "objection ended"
	CallMade         DeedKind = "call"
	MeetingHeld      DeedKind = "meeting"
	MailSent         DeedKind = "mail sent" // one-to-one, by a salesperson
	MailAnswered     DeedKind = "mail answered"
	NoteAdded        DeedKind = "note"
	MessageSent      DeedKind = "message" // WhatsApp and the like
	StatusSet        DeedKind = "lead status"
	StageSet         DeedKind = "lifecycle stage"
	TaskDone         DeedKind = "task done"
	TaskDeleted      DeedKind = "task deleted"
	TaskEdited       DeedKind = "task edited"    // its due time or its subject
	TaskNoted        DeedKind = "task noted"     // one of their own
	MeetingBooked    DeedKind = "meeting booked" // it lies ahead
	MeetingOver      DeedKind = "meeting over"   // one that was booked has an outcome now
	SequenceStarted  DeedKind = "sequence started"
	SequenceEnded    DeedKind = "sequence ended"
	OwnerChanged     DeedKind = "owner changed"
	OwnerLeft        DeedKind = "owner left" // no contact: Deed.Contact is empty
	DealCreated      DeedKind = "deal created"
	DealMoved        DeedKind = "deal moved"
	DealWon          DeedKind = "deal won"
	DealLost         DeedKind = "deal lost"
	CompanyMovedBack DeedKind = "company moved back" // its lifecycle stage; the contact is one of its people
)

// Kinds lists all kinds of deeds in their order above.
func Kinds() []DeedKind {
	return []DeedKind{
		PageView, MailOpen, MailClick, MachineClick, MailReply, Form, SignUp, Enrichment, Objection, ObjectionEnded,
		CallMade, MeetingHeld, MailSent, MailAnswered, NoteAdded, MessageSent, StatusSet, StageSet, TaskDone, TaskDeleted,
		TaskEdited, TaskNoted, MeetingBooked, MeetingOver, SequenceStarted, SequenceEnded,
		OwnerChanged, OwnerLeft, DealCreated, DealMoved, DealWon, DealLost, CompanyMovedBack,
	}
}

// BySales reports whether salespeople do such things: only in working hours.
// Answers to mails are logged when somebody reads them. Enrichment is done by a tool at any hour, or by a salesperson.
func (k DeedKind) BySales() bool {
	return slices.Contains([]DeedKind{
		CallMade, MeetingHeld, MailSent, MailAnswered, NoteAdded, MessageSent, StatusSet, StageSet, TaskDone, TaskDeleted,
		TaskEdited, TaskNoted, MeetingBooked, MeetingOver, SequenceStarted, SequenceEnded,
		OwnerChanged, OwnerLeft, DealCreated, DealMoved, DealWon, DealLost, CompanyMovedBack,
	}, k)
}

// Deed is one thing that somebody did.
type Deed struct {
	// At is a whole second of world time.
	At time.Time
	// Contact is the id of the contact that it concerns.
	Contact string
	// Name is the person and the company, for people to read.
	Name string
	// What says it in words: "filled in the form 'Demo anfordern'".
	What string
	Kind DeedKind
}
