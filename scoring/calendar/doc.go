// Package calendar knows when people work: working hours, weekends, public holidays, a company's closing days and
// a person's absences, in a time zone. It is pure and answers when something is due that must not fall on time in
// which nobody works (C8), and how much working time lies between two moments.
//
// A Calendar is the days off of a place, Hours are a working week, a Schedule joins them with the absences of a
// person. Every answer is exact over the changes of clocks.
//
// Holidays are those of a whole country or Land, for all years, from rickar/cal with corrections, all checked by a
// table computed independently from the laws (testdata/holidays.txt): Mecklenburg-Vorpommern keeps 8 March since 2023,
// Berlin since 2019, and single days in 2020, 2025 and 2028; the north keeps Reformation Day since 2018; Brandenburg
// keeps Easter Sunday and Whit Sunday; Switzerland without a canton has only the four days that all cantons keep,
// and seven cantons get days of their own. What only some communities keep is no holiday here: 15 August
// in Bavaria (in the Saarland it is), Corpus Christi in Saxony and Thuringia, 8 August in Augsburg. Whoever has it
// adds it to the closing days.
//
// Nobody works over midnight: an interval of work lies on one day.
package calendar
