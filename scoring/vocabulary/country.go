package vocabulary

import (
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// codes are the countries of ISO 3166-1, and Kosovo.
const codes = `AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG
	CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN
	GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK
	LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE
	PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH
	TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW`

// otherNames are spellings that are neither in the standard nor in the tables of names.
const otherNames = `
	DE: d, ger, brd, bundesrepublik deutschland, bundesrepublik, federal republic of germany, german, deutsch, allemagne, alemania, germania, deutchland
	AT: a, oesterreich, republik osterreich, republic of austria, autriche
	CH: schweizerische eidgenossenschaft, suisse, svizzera, sui, confoederatio helvetica, swiss
	LI: furstentum liechtenstein, fl
	GB: uk, great britain, grossbritannien, england, scotland, schottland, wales, northern ireland, nordirland, britain, gb ukm,
		vereinigtes konigreich grossbritannien nordirland, united kingdom of great britain northern ireland, gb eng
	US: usa, united states of america, vereinigte staaten von amerika, u s a, amerika, america, us of a, the united states
	NL: holland, nederland, the netherlands, niederlanden
	CZ: czech republic, tschechische republik, ceska republika, tschechei, cesko
	FR: republique francaise, frankreich festland
	IT: italia
	ES: espana
	BE: belgie, belgique
	DK: danmark
	SE: sverige
	NO: norge
	FI: suomi
	PL: polska
	HU: magyarorszag
	HR: hrvatska
	SI: slovenija
	SK: slovak republic, slowakische republik, slovensko
	GR: hellas, hellenic republic
	RO: rumanien
	LU: grossherzogtum luxemburg, luxembourg
	RU: russian federation, russische foderation
	TR: turkei, turkey, turkiye
	CN: pr china, peoples republic of china, people s republic of china, volksrepublik china, vr china, prc, mainland china, china mainland
	TW: taiwan roc, republic of china, taiwan province of china
	HK: hongkong, hong kong, hong kong sar
	MO: macau, macao
	KR: korea, sudkorea, south korea, republic of korea, republik korea, korea south, korea republic of
	KP: nordkorea, north korea, dprk
	JP: nippon
	IR: islamic republic of iran, iran islamic republic of
	SY: syrian arab republic
	VN: viet nam
	LA: lao pdr, lao people s democratic republic
	BN: brunei darussalam
	BY: belarus, weissrussland, belorussland, white russia
	MD: republic of moldova, republik moldau, moldau, moldawien, moldova
	MK: mazedonien, macedonia, north macedonia, nordmazedonien
	BA: bosnien, bosnia, bosnien herzegowina, bosnia herzegovina
	AE: uae, vae, emirates, emirate, united arab emirates, vereinigte arabische emirate, dubai, abu dhabi
	SA: ksa
	CD: dr congo, drc, dr kongo, demokratische republik kongo, democratic republic of the congo
	CG: republic of the congo, republik kongo
	CI: elfenbeinkuste, ivory coast, cote divoire, cote d ivoire
	TZ: tansania, united republic of tanzania
	CV: cape verde, kap verde
	SZ: eswatini, swaziland, swasiland
	MM: burma, birma
	TL: east timor, osttimor
	VA: vatikan, vatican, holy see, vatikanstadt
	PS: palestine, palastina, state of palestine
	BO: plurinational state of bolivia
	VE: bolivarian republic of venezuela
	FM: micronesia, mikronesien
	IE: republic of ireland, republik irland, eire
	NZ: neuseeland
	ZA: rsa, sudafrika, republic of south africa
	BR: brasil
	MX: mexico
	PH: philippinen, the philippines
	XK: rks`

// countries are the words of country.
func countries() []string { return strings.Fields(codes) }

// findCountry gives the finder of country.
func findCountry() func(string) string {
	table := map[string]string{}
	english, german := display.English.Regions(), display.German.Regions()
	for _, code := range countries() {
		region := language.MustParseRegion(code)
		for _, name := range []string{region.ISO3(), english.Name(region), german.Name(region)} {
			table[spread(name)] = code
		}
		table[spread(code)] = code
	}
	for line := range strings.SplitSeq(strings.ReplaceAll(otherNames, ",\n", ","), "\n") {
		code, names, _ := strings.Cut(strings.TrimSpace(line), ":")
		for name := range strings.SplitSeq(names, ",") {
			table[spread(name)] = code
		}
	}
	delete(table, spread(""))
	return func(text string) string {
		if code := table[spread(text)]; code != "" {
			return code
		}
		return agreed(table, text)
	}
}

// spread is the plain text of a name without what spellings of names differ in: dots, "and", "the" and "saint". A text
// of up to three letters is an abbreviation, which has no umlauts: VAE is not VA.
func spread(name string) string {
	const abbreviation = 3
	name = strings.TrimSpace(strings.ReplaceAll(name, ".", ""))
	if len(name) <= abbreviation {
		return strings.ToLower(name)
	}
	p := strings.ReplaceAll(plain(name), " + ", " ")
	p = strings.ReplaceAll(p, " saint ", " st ")
	return strings.TrimPrefix(p, " the ")
}

// agreed is the country of a text of several parts, if all parts that are countries are the same one.
func agreed(table map[string]string, text string) string {
	found := ""
	separated := func(r rune) bool { return strings.ContainsRune("(),;/|[]–", r) }
	for part := range strings.FieldsFuncSeq(strings.ReplaceAll(text, " - ", "|"), separated) {
		code := table[spread(part)]
		switch {
		case code == "" || code == found:
		case found != "":
			return ""
		default:
			found = code
		}
	}
	return found
}
