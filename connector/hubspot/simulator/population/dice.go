package population

import (
	"math"
	"math/rand/v2"
)

// Draws of one person at one instant are kept apart by their purpose.
const (
	purposeBirth uint64 = iota + 1
	purposeCompany
	purposeWeb
	purposeArrival
	purposeEnrichment
	purposeRep
	purposeTask
	purposeDeal
	purposeJourney
	purposeSpare
	purposeMail
	purposeWriting
	purposeObjection
	purposePlanning
	purposeEditing
	purposeSequence
)

// dice draws repeatably.
type dice struct{ *rand.Rand }

// roll returns dice that depend on nothing but the seed and the parts.
func roll(seed uint64, parts ...uint64) dice {
	h := mix(seed + 0x9e3779b97f4a7c15)
	for _, p := range parts {
		h = mix(h ^ mix(p+0x9e3779b97f4a7c15))
	}
	return dice{rand.New(rand.NewPCG(h, mix(h)))} //nolint:gosec // repeatable on purpose
}

// key makes a number, of a person say, a part for roll.
func key(n int) uint64 { return uint64(n) } //nolint:gosec // any number will do

// mix is the finaliser of splitmix64: every input bit reaches every output bit.
func mix(x uint64) uint64 {
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb
	return x ^ (x >> 31)
}

func (d dice) chance(p float64) bool { return d.Float64() < p }

// between draws from lo to hi, both included.
func (d dice) between(lo, hi int) int { return lo + d.IntN(hi-lo+1) }

// weighted draws an index with these weights.
func (d dice) weighted(weights ...int) int {
	total := 0
	for _, w := range weights {
		total += w
	}
	n := d.IntN(total)
	for i, w := range weights {
		if n -= w; n < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// poisson draws how many independent things happen when mean are expected.
func (d dice) poisson(mean float64) int {
	if mean > 30 { // the normal distribution is close enough and takes one draw
		return max(0, int(math.Round(mean+math.Sqrt(mean)*d.NormFloat64())))
	}
	n, p, limit := 0, d.Float64(), math.Exp(-mean)
	for p > limit {
		n++
		p *= d.Float64()
	}
	return n
}

func oneOf[T any](d dice, xs []T) T { return xs[d.IntN(len(xs))] }

// within is the chance that something with this rate per day happens in so many days.
func within(rate, days float64) float64 { return 1 - math.Exp(-rate*days) }
