// Package calendar knows which days people work: weekends, public holidays and a company's own closed days,
// in a time zone. It is pure and answers one question: when is something due that must not fall on a day on
// which nobody works (C8).
//
// Holidays come from rickar/cal with two corrections, both checked by tests: Mecklenburg-Vorpommern keeps 8
// March since 2023, and Switzerland without a canton has only the four days that all cantons keep, because
// the library's national list contains cantonal ones.
package calendar
