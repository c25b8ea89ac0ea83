package workflows

// Point is a place between two durable steps. Whatever stops the process there must lose and double nothing;
// tests stop it there on purpose.
type Point string

// The points, in the order of the story.
const (
	PointReceived  Point = "received"   // a delivery is stored, its answer not yet given
	PointPageRead  Point = "page_read"  // a page of a feed was read, not stored
	PointPageSaved Point = "page_saved" // it is stored with the feed's position
	PointRead      Point = "read"       // due contacts were read and planned, nothing is stored
	PointDecided   Point = "decided"    // mirror, decisions and outbox are stored
	PointTaken     Point = "taken"      // outbox entries are written ahead as being sent
	PointSent      Point = "sent"       // the CRM has answered, nothing is settled
	PointCleared   Point = "cleared"    // the stage of a move back is cleared, not yet set
	PointReturned  Point = "returned"   // it is set, not yet read back
	PointSettled   Point = "settled"    // the outcome is stored
)

// Points are all points in the order of the story.
func Points() []Point {
	return []Point{
		PointReceived, PointPageRead, PointPageSaved, PointRead, PointDecided, PointTaken, PointSent,
		PointCleared, PointReturned, PointSettled,
	}
}

// Pass is called at every point; nil does nothing. It must not block.
type Pass func(Point)

func (p Pass) at(point Point) {
	if p != nil {
		p(point)
	}
}
