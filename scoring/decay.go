package scoring

import (
	"math/big"
)

// factorCount is how many steps a half-life is divided into.
const factorCount = 1024

// factorTable is T[i] = 2^32 * 2^(-i/1024), rounded to the nearest integer. It is computed in software
// arithmetic, so it is the same on every processor.
func factorTable() *[factorCount]uint64 {
	const precision = 256
	root := big.NewFloat(0.5).SetPrec(precision)
	for range 10 { // 1024 = 2^10
		root.Sqrt(root)
	}
	var table [factorCount]uint64
	value := new(big.Float).SetPrec(precision).SetInt64(1 << 32)
	half := big.NewFloat(0.5)
	for i := range table {
		table[i], _ = new(big.Float).SetPrec(precision).Add(value, half).Uint64()
		value.Mul(value, root)
	}
	return &table
}

// decay is points after age steps of a half-life of halfLife steps, see the package documentation.
func (m *Model) decay(points Points, age, halfLife int64) Points {
	if halfLife == 0 {
		return points
	}
	shift := 32 + age/halfLife
	if shift > 62 { // the product is below 2^59 (see maxPoints), so this rounds to nothing
		return 0
	}
	factor := m.factors[age%halfLife*factorCount/halfLife]
	magnitude := uint64(max(points, -points))                    //nolint:gosec // not negative
	result := Points((magnitude*factor + 1<<(shift-1)) >> shift) //nolint:gosec // not above magnitude
	if points < 0 {
		return -result
	}
	return result
}
