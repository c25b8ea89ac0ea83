package scoringtest

import (
	"fmt"

	"pgregory.net/rapid"
)

// wordedFacts are facts whose texts are words of the model or of a vocabulary, and the lists of words; they stand
// at the end of the facts.
func wordedFacts(t *rapid.T) string {
	otherwise := func(label string) string {
		return rapid.SampledFrom([]string{"", ", otherwise: other"}).Draw(t, label)
	}
	lists := "words:\n  rivals: [rival.example, Sub.Competitor.example, STRASSE.example]\n  titles: [Head of IT, X, geschäftsführer]\n"
	if rapid.IntRange(0, 2).Draw(t, "own free mail") == 0 {
		lists += "  free_mail: [post.example]\n"
	}
	return `  w1: {from: [contact.w1], options: {decider: [Decision Maker, "GF oben", Straße], user: [END_USER, Nutzer]}` + otherwise("otherwise 1") + "}\n" +
		`  w2: {from: [contact.w2, company.w2], options: {user: [DECIDER], Ärztin: [doctor]}` + otherwise("otherwise 2") + "}\n" +
		"  level: {from: [contact.jobtitle], vocabulary: job_level}\n" +
		"  country: {from: [company.country], vocabulary: country" + otherwise("otherwise 3") + "}\n" +
		"  mail: {from: [contact.email]}\n" + lists
}

// worded are conditions over words and lists.
func worded() []string {
	return []string{
		`w1 == "decider"`, `w1 != "user"`, `w1 in ["user", "DECIDER"]`, "known(w1)", "known(w2)", `w2 == "ärztin"`, `not (w2 == "user")`,
		`level == "head"`, `level in ["head", "vp", "c_level"]`, "known(level)", `country == "DE"`, `country in ["AT", "ch"]`, "not known(country)",
		"domain_in(mail, rivals)", "domain_in(mail, rivals, free_mail)", "not domain_in(mail, free_mail)", "t1 in titles", "not (t2 in titles)", "mail in rivals",
		`w1 startsWith "DEC"`, `level contains "a"`, `w2 matches "^Ä"`, `has_word(w1, "decider")`, `w1 == w2`, `w2 endsWith "er"`, `country matches "^A"`,
	}
}

// products are conditions of activities over the made attribute.
func products() []string {
	return []string{`product == "crane"`, `product != "lift"`, `product in ["lift", "crane"]`, "known(product)", `known(product) and outcome == "x"`, `topic contains "KRAN"`}
}

// texts that worded facts and mail have in the CRM.
func wordedTexts(fact string) []string {
	switch fact {
	case "w1":
		return []string{"decider", " decision  MAKER ", "gf\toben", "STRASSE", "end_user", "Nutzer*in", "", "  ", "other", "Other"}
	case "w2":
		return []string{"decider", "user", "A\u0308RZTIN", "doctor", "Doctors", ""}
	case "level":
		return []string{"Head of IT", "Vertriebsleiter", "CEO", "Werkstudentin", "x", "", "vp"}
	case "country":
		return []string{"Deutschland", "AT", "Schweiz (CH)", "Atlantis", " ", "de"}
	}
	return []string{
		"ada@rival.example", "ada@mail.RIVAL.example", "ada@arrival.example", "rival.example", "a@b@sub.competitor.example", "ada@competitor.example",
		"somebody@gmail.com", "somebody@post.example", "somebody@straße.example", "@", "", "ada@rival.example.org",
	}
}

// topics are texts from which the product is made.
func topics() []string {
	return []string{"Mobilkran", "Kran-Wagen", "cranes and more", "Gabelstapler", "Kranstapler", "Stapler", "", "nothing of the kind"}
}

// productOptions are the words of the made attribute with their patterns.
func productOptions() string {
	return fmt.Sprintf("{of: topic, options: {crane: [%q, %q, %q], lift: [%q]}}", "kran*", "*kran", "crane*", "*stapler")
}
