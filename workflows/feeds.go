package workflows

import (
	"time"

	"leadsync/connector"
)

// FeedSource says which feed brought a change to our knowledge first.
type FeedSource string

// The sources of changes that are counted.
const (
	SourceWebhook FeedSource = "webhook"
	SourceSweep   FeedSource = "sweep"
	SourceRepair  FeedSource = "repair"
)

// Find says that what differs on a page counts as found by a feed (see Completeness). The zero value counts nothing.
type Find struct {
	By FeedSource
	At time.Time // business time
}

// AnnouncedWithin is how far the time at which an event occurred may be from the modification time of the change
// that it announces: the CRM stamps the two in different places.
const AnnouncedWithin = 10 * time.Second

// DelayBuckets are the upper bounds of the delays that are counted; longer ones have a bucket of their own.
func DelayBuckets() []time.Duration {
	return []time.Duration{
		time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, time.Hour,
	}
}

// DelayBucket gives the bucket of a delay: its upper bound, zero if it is longer than the last one. A delay
// below zero, which two clocks that differ produce, counts as none.
func DelayBucket(delay time.Duration) time.Duration {
	for _, bound := range DelayBuckets() {
		if delay <= bound {
			return bound
		}
	}
	return 0
}

// FeedCount counts the changes that one feed brought with one delay.
type FeedCount struct {
	Source FeedSource           `json:"source"`
	Type   connector.ObjectType `json:"type"`
	Within time.Duration        `json:"within"` // upper bound of the delay; zero: longer than the last bucket
	// Changes counts events of webhooks, or changes that another feed found and no webhook had announced.
	Changes int `json:"changes"`
	// Late counts those of them that the feed found first and a webhook announced afterwards.
	Late int `json:"late"`
}

// Completeness is what the feeds brought in a while.
//
// How complete and how late the news are is measured, not assumed, for portals that have webhooks; without
// webhooks there is nothing to compare, and nothing is counted.
//
//   - A webhook event announces a change of every record that it names, at the instant at which it occurred.
//     Echoes of our own writes announce nothing and are not counted.
//   - A change is found when a sweep or the repair walk shows a record that really differs from the mirror: in a
//     property that leadsync reads, in whether it is there, or, for the repair walk above all, in the contacts
//     that it is linked to. The change is the record with its modification time; it is counted once, however
//     often it is shown. What another reading brought before a feed could (a company that was read with a contact)
//     is not found, nor is what is about to be read anyway because the record is due already.
//   - It is unannounced if no event about the record occurred within AnnouncedWithin of the modification time.
//     What has no modification time (a record that is gone, a moved link, a calculated property) is unannounced
//     if no event of a fitting kind occurred since the record was modified, or checked by a walk, last. A moved
//     link is announced by an event about either end. What is left of a contact that was merged is found with
//     its survivor.
//   - If its event arrives after all, it is late. Unannounced changes are those that no event has announced to
//     this day.
//   - A change is known when its event is stored or a feed has found it, whichever comes first. The delay is
//     counted from the modification time or the time at which the event occurred; where nobody says when
//     something happened, from the last time at which it surely had not: an upper bound.
//   - Our own writes, the deals that we made, and what happens to tasks of ours are no gaps.
//
// Two transactions that overlap on PostgreSQL, one with the event and one with the finding, do not see each other:
// such a change counts as unannounced although it was announced at the same moment.
//
// The repair walk leaves to the sweeps what they have not come to yet: what it counts is what no feed showed.
// The counts are kept per portal and hour of business time, written in the transactions that store the events and
// pages themselves.
type Completeness []FeedCount

// Events counts the webhook events that told of a change which was not our own.
func (c Completeness) Events() int {
	return c.sum(func(n FeedCount) int { return n.Changes }, SourceWebhook)
}

// Unannounced counts the changes that a feed found and no webhook has announced to this day.
func (c Completeness) Unannounced() int {
	return c.sum(func(n FeedCount) int { return n.Changes - n.Late }, SourceSweep, SourceRepair)
}

// Late counts the changes whose webhook came after a feed had found them.
func (c Completeness) Late() int {
	return c.sum(func(n FeedCount) int { return n.Late }, SourceSweep, SourceRepair)
}

// FoundBy counts the changes that one feed found without an announcement, those announced afterwards included.
func (c Completeness) FoundBy(source FeedSource) int {
	return c.sum(func(n FeedCount) int { return n.Changes }, source)
}

func (c Completeness) sum(of func(FeedCount) int, sources ...FeedSource) int {
	total := 0
	for _, n := range c {
		for _, source := range sources {
			if n.Source == source {
				total += of(n)
			}
		}
	}
	return total
}

// Delays counts the changes by the delay after which they were known, whichever feed brought them: each change
// once, in the order of DelayBuckets, and those that took longer at the end.
func (c Completeness) Delays() []int {
	bounds := DelayBuckets()
	counts := make([]int, len(bounds)+1)
	for _, n := range c {
		known := n.Changes
		if n.Source == SourceWebhook {
			known -= n.Late // a feed had found it before
		}
		counts[bucketIndex(n.Within)] += known
	}
	return counts
}

// Arrivals counts the webhook events by the time between what they tell and their arrival, as Delays does.
func (c Completeness) Arrivals() []int {
	counts := make([]int, len(DelayBuckets())+1)
	for _, n := range c {
		if n.Source == SourceWebhook {
			counts[bucketIndex(n.Within)] += n.Changes
		}
	}
	return counts
}

func bucketIndex(within time.Duration) int {
	bounds := DelayBuckets()
	for i, bound := range bounds {
		if within == bound {
			return i
		}
	}
	return len(bounds)
}

// KnownWithin gives the time within which so many of a hundred changes were known. ok is false if there were no
// changes, or if that many took longer than the last bucket.
func (c Completeness) KnownWithin(percent int) (within time.Duration, ok bool) {
	counts, total := c.Delays(), 0
	for _, n := range counts {
		total += n
	}
	if total == 0 {
		return 0, false
	}
	known := 0
	for i, bound := range DelayBuckets() {
		known += counts[i]
		if known*100 >= total*percent {
			return bound, true
		}
	}
	return 0, false
}
