// Package vocabulary turns texts as CRMs hold them, German or English, into one of few words: what a job title says
// about rank (job_level) and department, which country is meant, how big a company is (company_size), and what it
// does (industry). A text that says nothing of the kind, or several things at once, has no word: a guess that is
// wrong costs a lead, an unknown costs a question. The package is pure, and a Vocabulary is safe for concurrent use.
//
// Texts are compared without case, accents and punctuation; umlauts may be written out (ue) or dropped (u); forms of
// gender (-in, :in, *innen, /-in, In, (m/w/d)) make no difference. Every word of a vocabulary stands for itself.
//
// # job_level
//
//	owner       owns the company or part of it: owners, founders, Gesellschafter, Inhaber, self-employed
//	c_level     runs it: Geschäftsführer, Vorstand, CEO, CFO, …, managing directors, presidents, mayors
//	vp          vice presidents of every degree
//	director    directors, Bereichsleiter, Prokuristen (who sign for the company), general and country managers
//	head        runs a department: head of, Leiter, Abteilungsleiter, Leitung, chief of a trade
//	manager     leads a team, a project or a subject: Teamleiter, Projektleiter, product managers, supervisors, Meister
//	specialist  does the work of a trade: engineers, buyers, advisers; also managers of accounts, content, cases
//	assistant   works for others: Assistenz, Sekretariat, office managers, temporary staff
//	trainee     learns it: apprentices, trainees, interns
//	student     studies: also Werkstudenten
//
// Of several ranks in one title the highest counts, except that student, trainee and assistant go before the one
// they work for ("Assistant to the CEO", "Praktikant Geschäftsführung") unless the title begins with who leads them
// ("Head of Student Services"). Deputies have the rank of whom they stand in for. Former, retired and wanted
// positions have no word. What belongs to things is no rank: a product owner owns no company, a semiconductor
// (Halbleiter) leads nobody, lead generation is no lead.
//
// # department
//
// management, it, purchasing, finance, marketing, sales, hr, engineering, production, operations, logistics, legal,
// research, service, quality. In "A and B", "A / B" the first part that has a department decides. Inside a part the
// nearer trade wins: an IT buyer buys, a sales controller controls, a production quality manager is quality. Those
// who run or own the company and name no department, and those who assist them, are management; a vice president of
// nothing in particular has none. Whoever makes software is it, whoever makes other products engineering, product
// managers included. A CTO is engineering, a CIO it, a COO operations.
//
// # country
//
// The code of ISO 3166 in two capital letters, and XK for Kosovo, from that code, the code in three letters, the
// names in English and German, and other usual spellings. In "Schweiz (CH)", "Wien, Österreich" or
// "Deutschland / Germany" the parts that are countries must be the same one. D and A, as on cars, are Germany and
// Austria.
//
// # company_size
//
//	micro below 10 people, small below 50, medium below 250, large below 1000, enterprise from 1000 on
//
// From a number in German or English spelling (1.200, 1,200, 1'200, 1.2k), from a range or a bound, or from the word.
// A range is in the class of its middle: "51-200" is medium, "201-500" large, "501-1000" large. "More than 500" is in
// the class of 501, "500+" in that of 500, and "up to 50" is the range from 1 to 50. Words that span classes (KMU,
// SME, Mittelstand, start-up) and sums of money have no word.
//
// # industry
//
// From the values and labels of HubSpot's property industry, and from usual names in English and German. What the
// words cover stands at industries in this package; manufacturing is industry that has no word of its own.
package vocabulary
