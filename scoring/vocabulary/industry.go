package vocabulary

import "strings"

// industries are the words of industry, each with the values of HubSpot's property industry that belong to it, in
// their own spelling, and with usual names. What has a star is looked for inside of longer texts.
const industries = `
agriculture: dairy; farming; fishery; ranching; landwirtschaft*; agrar*; *agrar; forstwirtschaft*; agriculture*; agricultural*; forestry*; fischerei*; gartenbau*; horticulture; weinbau*; weingut*
automotive: automotive*; automobil*; fahrzeugbau*; *fahrzeugbau; autoindustrie; car industry; autohaus*; autohandel; kfz*; karosserie*
chemicals: chemicals; plastics; glass ceramics concrete; chemi*; *chemie; kunststoff*; *kunststoff; plastic*; lacke*; farben lacke; polymer*
construction: architecture planning; building materials; civil engineering; construction; bau; baugewerbe*; bauwesen*; baubranche; bauindustrie; bauunternehm*; hochbau*; tiefbau*;
	baustoff*; architektur*; architecture*; construction*; handwerk*; building*; hausbau*; dachdecker*; strassenbau*; ausbaugewerbe*; zimmerei*; sanitar*
consulting: management consulting; think tanks; executive office; unternehmensberatung*; beratung; consulting*; consultancy*; unternehmensberater*; strategieberatung*; managementberatung*
consumer_goods: apparel fashion; consumer electronics; consumer goods; cosmetics; furniture; luxury goods jewelry; sporting goods; tobacco; arts crafts; konsumguter*; mobel*; kosmetik*; spielwaren*;
	mode; modebranche; fashion*; apparel*; bekleidung*; schmuck*; jewelry*; jewellery*; cosmetic*; furniture*; toys; haushaltswaren*; fmcg; textiles; textil*; *textil; textile*
education: e learning; education management; higher education; libraries; primary secondary education; professional training coaching; museums institutions; research; bildung*; weiterbildung*; schule; schulen;
	hochschule*; universitat*; university*; education*; training*; forschung*; forschungsinstitut*; school; schools; kindergarten; kita; erziehung*; research*; academia; museum*; bibliothek*
electronics: computer hardware; electrical electronic manufacturing; semiconductors; nanotechnology; elektronik*; *elektronik; elektrotechnik*; elektroindustrie; halbleiter*; electronics*; electrical engineering; semiconductor*;
	hardware; sensorik*; messtechnik*; optik*; photonik*; electronic*; mikroelektronik*
energy: oil energy; renewables environment; utilities; environmental services; energie*; *energie; stadtwerk*; versorger*; energieversorg*; wasserversorg*; strom*; photovolta*; solar*; wind power; windkraft*; windenergie*; energy*; utility*;
	oil gas*; erdol*; umwelttechnik*; entsorgung*; abfall*; recycling*; waste*; renewable*; water supply
finance: accounting; banking; capital markets; financial services; insurance; investment banking; investment management; venture capital private equity; finanz*; *finanz; bank; banken*; bankwesen*; *bank; sparkasse*; versicherung*;
	kreditinstitut*; financ*; fintech*; insurance*; insurtech*; vermogensverwalt*; steuerberat*; wirtschaftsprufung*; investment*; asset management; private equity; venture capital; accountancy*; buchhaltung*; leasing*
food: food beverages; food production; wine spirits; lebensmittel*; nahrungsmittel*; ernahrungs*; getranke*; brauerei*; backerei*; food*; beverage*; brewer*; backwaren*; fleischerei*; metzgerei*; molkerei*; susswaren*
government: defense space; government administration; government relations; international affairs; judiciary; law enforcement; legislative office; military; political organization; public policy; public safety;
	behorde*; verwaltung; offentliche verwaltung*; offentlicher dienst; offentlicher sektor*; kommune*; stadtverwaltung*; gemeinde*; ministerium*; bundeswehr; government*; public sector*; public administration*; verteidigung*; defence*; defense*; polizei; police; justiz
healthcare: alternative medicine; health wellness fitness; hospital health care; medical practice; mental health care; veterinary; gesundheit*; krankenhaus*; klinik*; *klinik; *klinikum; klinikum*; arztpraxis*; pflege*; altenpflege*; health*; hospital*;
	medical care; clinic*; reha*; zahnarzt*; tierarzt*; therapie*
hospitality: gambling casinos; hospitality; leisure travel tourism; recreational facilities services; restaurants; sports; hotel*; gastronomie*; gastgewerbe*; tourismus*; touristik*; reise*; reisebranche; restaurant*; catering*; travel*;
	tourism*; freizeit*; leisure*; sport; fitnessstudio*; fitness studio*
it: computer games; computer network security; computer networking; computer software; information services; information technology services; internet; mobile games; it; software*; *software; it dienstleist*; it service*; it services; it beratung*;
	edv*; informationstechn*; information technology*; saas; cloud*; internet*; tech; technology; technologie; systemhaus*; hosting*; cyber*; rechenzentr*; data center*; kunstliche intelligenz*; artificial intelligence*; games; gaming; ikt; ict
logistics: airlines aviation; logistics supply chain; maritime; package freight delivery; transportation trucking railroad; warehousing; import export; logisti*; *logistik; spedition*; transport*; verkehr*; luftfahrt; schifffahrt*; reederei*;
	lagerei*; supply chain*; freight*; shipping*; warehous*; kurier*; paketdienst*; airline*; haulage*; bahnverkehr*; flughafen*
machinery: industrial automation; machinery; mechanical or industrial engineering; maschinenbau*; *maschinenbau; anlagenbau*; *anlagenbau; maschinen*; werkzeugbau*; werkzeugmaschinen*; automatisierung*; machine*; mechanical engineering*; industrial engineering;
	robotik*; robotics*; fordertechnik*; antriebstechnik*; sondermaschinen*; machinery*; feinmechanik*; automation*
manufacturing: aviation aerospace; packaging containers; paper forest products; printing; railroad manufacture; shipbuilding; mining metals; business supplies equipment; industrie; fertigung; produktion; produzierendes gewerbe; verarbeitendes gewerbe;
	herstellung*; manufactur*; metall*; *metall; stahl*; *stahl; bergbau*; mining*; papier*; verpackung*; druckerei*; schiffbau*; aerospace*; luft raumfahrt*; raumfahrt*; packaging*; steel*; metal*; holz*; giesserei*; hersteller; paper*; glas*; keramik*
media: animation; broadcast media; design; entertainment; events services; fine art; graphic design; market research; marketing advertising; media production; motion pictures film; music; newspapers; online media; performing arts; photography;
	public relations communications; publishing; writing editing; medien*; *medien; verlag*; werbung*; werbeagentur*; werbe*; marketing*; agentur; *agentur; advertising*; media*; film*; fernsehen; rundfunk*; events*; messebau*; marktforschung*; publish*;
	presse; kultur*; kunst; musik*; entertainment*; unterhaltung*; grafikdesign*; creative agency
nonprofit: civic social organization; fund raising; individual family services; non profit organization management; philanthropy; religious institutions; program development; international trade development; gemeinnutzig*; verein; vereine; verband;
	verbande; stiftung*; kirche*; ngo; nonprofit*; non profit*; charity*; wohlfahrt*; hilfsorganisation*; charities; foundation; soziale dienste; sozialwesen*
life_sciences: biotechnology; medical devices; pharmaceuticals; pharma*; biotech*; medizintechnik*; medtech*; life science*; biopharma*; medizinprodukt*; medical device*; medical technology*; arzneimittel*; diagnostik*
real_estate: commercial real estate; facilities services; real estate; immobilien*; *immobilien; hausverwaltung*; wohnungsbau*; wohnungswirtschaft*; real estate*; property management*; facility management*; facility*; makler; housing*; bautrager*
retail: retail; supermarkets; consumer services; einzelhandel*; handel; onlinehandel*; online handel*; e commerce*; ecommerce*; versandhandel*; retail*; supermarkt*; baumarkt*; filialist*; kaufhaus*; drogerie*; apotheke*; convenience store*; online shop*; buchhandel*
services: alternative dispute resolution; human resources; law practice; legal services; outsourcing offshoring; security investigations; staffing recruiting; translation localization; dienstleist*; *dienstleistungen; rechtsberat*; kanzlei*;
	rechtsanwalt*; anwaltskanzlei*; personaldienst*; zeitarbeit*; personalvermittl*; personalberat*; law firm*; legal*; staffing*; recruit*; ubersetz*; translation*; sicherheitsdienst*; gebaudereinig*; reinigung*; professional services; business services; friseur*; outsourcing*
telecom: telecommunications; wireless; telekommunikation*; telekom*; mobilfunk*; telecom*; netzbetreiber*; nachrichtentechnik*; funktechnik*
wholesale: wholesale; grosshandel*; *grosshandel; wholesal*; distribution; distributor*; technischer handel; aussenhandel*; importeur*; exporteur*; sanitargrosshandel*`

// branches are the words of industry.
func branches() []string {
	var words []string
	for line := range strings.SplitSeq(industries, "\n") {
		if word, _, found := strings.Cut(line, ":"); found {
			words = append(words, word)
		}
	}
	return words
}

// findIndustry gives the finder of industry: a name that is in the list as it is decides, else a longer text has the
// word whose star it meets first.
func findIndustry() func(string) string {
	var loose []choice
	table := map[string]string{}
	for line := range strings.SplitSeq(strings.ReplaceAll(industries, ";\n", ";"), "\n") {
		word, names, found := strings.Cut(line, ":")
		if !found {
			continue
		}
		c := choice{word: word}
		for name := range strings.SplitSeq(names, ";") {
			if name = strings.TrimSpace(name); strings.Contains(name, "*") {
				c.found = append(c.found, compile(name)...)
				name = strings.Trim(name, "*")
			}
			if key := sector(name); table[key] == "" {
				table[key] = word
			}
		}
		loose = append(loose, c)
	}
	return func(text string) string {
		key := sector(text)
		if word := table[key]; word != "" {
			return word
		}
		return earliest(loose, key)
	}
}

// sector is the plain text of a branch, without the words that hold branches together.
func sector(text string) string {
	return strings.ReplaceAll(plain(strings.ReplaceAll(text, "-", " ")), " + ", " ")
}

// earliest is the word of the pattern that stands first in a text, of several there the one that is longest.
func earliest(choices []choice, text string) string {
	word, at, length := "", len(text), 0
	for _, c := range choices {
		for _, pattern := range c.found {
			i := strings.Index(text, pattern)
			if i >= 0 && (i < at || i == at && len(pattern) > length) {
				word, at, length = c.word, i, len(pattern)
			}
		}
	}
	return word
}
