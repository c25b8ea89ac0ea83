package population

import "strings"

// words are the building blocks of names. All of it is invented or too common
// to mean anybody.
type words struct {
	womenDE, menDE, lastDE    []string
	womenEN, menEN, lastEN    []string
	prefixDE, branchDE, towns []string
	prefixEN, branchEN        []string
	titlesDE                  [][2]string // men, women
	titlesEN                  []string
	industries                map[string]string // branch to HubSpot's industry
	pages                     []string
	ascii                     *strings.Replacer
}

func list(s string) []string { return strings.Split(s, ",") }

func newWords() *words {
	w := &words{
		womenDE:  list("Anna,Jana,Katrin,Sabine,Ulrike,Zoë,Käthe,Bärbel,Mareike,Nadine,Petra,Silke,Antje,Franziska,Heike,Ilka,Leonie,Miriam,Özlem,Ronja,Svenja,Tanja,Verena,Wiebke,Ayşe,Birgit,Claudia,Dörte,Elif,Frauke,Anne-Kathrin,Eva-Maria"),
		menDE:    list("Jürgen,Götz,Björn,Matthias,Stefan,Thorsten,Uwe,Volker,Andreas,Bernd,Christoph,Dirk,Emre,Florian,Günter,Holger,Ingo,Jörg,Kai,Lars,Malte,Nils,Oliver,Philipp,Rüdiger,Sören,Tobias,Ulf,Wolfgang,Hans-Peter,Karl-Heinz,Jan-Philipp"),
		lastDE:   list("Krüger,Vogt,Brömmelkamp,Schäfer,Möller,Weiß,Groß,Hübner,Lüdtke,Jäger,Köhler,Böttcher,Öztürk,Yıldız,Ahrens,Behrens,Claußen,Dierksen,Eichhorn,Färber,Gehrke,Hartwig,Immel,Jansen,Kowalski,Lindner,Marquardt,Nowak,Oltmanns,Petersen,Quandtmann,Reimers,Sauerwein,Thomsen,Uhlig,von der Heide,Wendland,Zöllner,Brandt,Ebers-Kühn,Meyer-Groß,Schulte-Höping,Lang-Öhler,zu Ahlen"),
		womenEN:  list("Alice,Beth,Chloe,Daisy,Eleanor,Fiona,Grace,Hannah,Imogen,Jess,Kate,Laura,Megan,Niamh,Olivia,Priya,Rachel,Siobhán,Tess,Zara"),
		menEN:    list("Adam,Ben,Connor,Daniel,Ewan,Finn,George,Harry,Isaac,Jack,Kieran,Liam,Marcus,Noah,Oscar,Patrick,Ravi,Seán,Tom,Will"),
		lastEN:   list("Ashdown,Barrowby,Cartwright,Dunmore,Eastwick,Fairleigh,Garside,Hathersage,Inglewood,Jessop,Kirkbride,Lockley,Marlowe,Netherby,O'Farren,Pemberly,Quillby,Ravensworth,Stanbury,Thornley,Upwell,Verney,Winslade,Yardley,Lane-Ashby,Moor-Fielding"),
		prefixDE: list("Nordlicht,Elbtal,Havelblick,Sternkamp,Föhrhain,Grünwinkel,Hellweg,Isarkant,Jadeport,Kranichfeld,Lindenhof,Moorkate,Nebelhorn,Ostkai,Pappelberg,Querholz,Rheinbogen,Silbersee,Talmühle,Uferstein,Vossberg,Weidenau,Zweibrück,Ährenfeld,Bärental,Drosselweg,Eschenbruch,Falkenried,Glimmerstein,Haselgrund,Königsforst,Löwenhag,Mühlenkamp,Seerose,Steinhuder,Wölkerts"),
		branchDE: list("Maschinenbau,Logistik,Feinmechanik,Medizintechnik,Verpackungen,Elektrotechnik,Anlagenbau,Lebensmittel,Energie,Baustoffe,Werkzeuge,Automation,Großhandel,Textil,Pharma,Beratung,Immobilien,Fördertechnik,Chemie,Versicherungsdienste,Software,Handel"),
		towns:    list("Nord,Süd,Ost,West,Mitte,Hafen,Altstadt,Neustadt,am Wall,am Markt,am Deich,am Berg,International,Holding,Services,Solutions,Gruppe,Werke"),
		prefixEN: list("Harbour Lane,Copperfield Row,Northgate,Bluestone,Fernhill,Oakmoor,Larkspur,Redwater,Silverdale,Tidewell,Windmere,Ambergate,Brightwell,Crosskeys,Drumlin,Eastmarch,Foxley,Greywater,Hollowbrook,Ironbridge Hill"),
		branchEN: list("Logistics,Engineering,Packaging,Medical,Foods,Energy,Retail,Software,Consulting,Automation,Textiles,Insurance,Supply,Robotics"),
		titlesEN: list("Chief Operating Officer,Head of Operations,VP Sales,VP Supply Chain,IT Director,Purchasing Manager,Operations Manager,Plant Manager,Finance Director,Managing Director,Procurement Specialist,Junior Analyst,Intern,Student Assistant,Warehouse Supervisor"),
		pages:    list("pricing,product/planning,product/integrations,blog/lieferketten,blog/forecasting,customers,about,careers,demo,webinare,whitepaper/lieferketten"),
		ascii: strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "Ä", "ae", "Ö", "oe", "Ü", "ue",
			"ë", "e", "ş", "s", "ı", "i", "á", "a", " ", "", "'", "", "&", ""),
	}
	w.titlesDE = titlesDE()
	w.industries = industries()
	return w
}

func titlesDE() [][2]string {
	return [][2]string{
		{"Geschäftsführer", "Geschäftsführerin"},
		{"Leiter IT", "Leiterin IT"},
		{"Einkaufsleiter", "Einkaufsleiterin"},
		{"Einkäufer", "Einkäuferin"},
		{"Leiter Produktion", "Leiterin Produktion"},
		{"Vertriebsleiter", "Vertriebsleiterin"},
		{"Leiter Logistik", "Leiterin Logistik"},
		{"Projektleiter", "Projektleiterin"},
		{"Prokurist", "Prokuristin"},
		{"Sachbearbeiter Einkauf", "Sachbearbeiterin Einkauf"},
		{"Disponent", "Disponentin"},
		{"Controller", "Controllerin"},
		{"Werkstudent", "Werkstudentin"},
		{"Praktikant", "Praktikantin"},
		{"Head of Operations", "Head of Operations"},
		{"Kaufmännischer Leiter", "Kaufmännische Leiterin"},
		{"Assistent der Geschäftsführung", "Assistentin der Geschäftsführung"},
		{"Bereichsleiter Supply Chain", "Bereichsleiterin Supply Chain"},
		{"CFO", "CFO"},
		{"IT-Administrator", "IT-Administratorin"},
	}
}

func industries() map[string]string {
	return map[string]string{
		"Maschinenbau": "MACHINERY", "Logistik": "LOGISTICS_AND_SUPPLY_CHAIN", "Feinmechanik": "MECHANICAL_OR_INDUSTRIAL_ENGINEERING",
		"Medizintechnik": "MEDICAL_DEVICES", "Verpackungen": "CONSUMER_GOODS", "Elektrotechnik": "ELECTRICAL_ELECTRONIC_MANUFACTURING",
		"Anlagenbau": "MECHANICAL_OR_INDUSTRIAL_ENGINEERING", "Lebensmittel": "FOOD_PRODUCTION", "Energie": "UTILITIES",
		"Baustoffe": "CONSTRUCTION", "Werkzeuge": "MACHINERY", "Automation": "INDUSTRIAL_AUTOMATION", "Großhandel": "WHOLESALE",
		"Textil": "TEXTILES", "Pharma": "PHARMACEUTICALS", "Beratung": "MANAGEMENT_CONSULTING", "Immobilien": "REAL_ESTATE",
		"Fördertechnik": "INDUSTRIAL_AUTOMATION", "Chemie": "CHEMICALS", "Versicherungsdienste": "INSURANCE", "Software": "COMPUTER_SOFTWARE",
		"Handel": "RETAIL", "Logistics": "LOGISTICS_AND_SUPPLY_CHAIN", "Engineering": "MECHANICAL_OR_INDUSTRIAL_ENGINEERING",
		"Packaging": "CONSUMER_GOODS", "Medical": "HOSPITAL_HEALTH_CARE", "Foods": "FOOD_PRODUCTION", "Energy": "RENEWABLES_ENVIRONMENT",
		"Retail": "RETAIL", "Consulting": "MANAGEMENT_CONSULTING", "Textiles": "TEXTILES", "Insurance": "INSURANCE",
		"Supply": "WHOLESALE", "Robotics": "INDUSTRIAL_AUTOMATION",
	}
}

// slug makes a name fit for addresses.
func (w *words) slug(name string) string {
	return strings.ToLower(w.ascii.Replace(name))
}
