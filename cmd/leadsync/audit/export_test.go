package audit

import "time"

// What the tests look at beside Run.
var (
	Decayed = decayed
	Whole   = whole
	HasWord = hasWord
	Fits    = fits
	Easter  = func(year int) string { return easter(year).Format(time.DateOnly) }
)
