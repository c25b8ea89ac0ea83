// Package scoring is the model: facts, activities and a time go in; scores, stage, status and the reasons
// come out. It is pure. It reads no clock, no file and no network, and the same input gives the same output
// bit for bit on every machine, because all arithmetic is in integers (thousandths of a point).
package scoring
