package vocabulary

import "strings"

// departments are the words of department.
func departments() []string {
	return []string{
		"management", "it", "purchasing", "finance", "marketing", "sales", "hr", "engineering", "production", "operations",
		"logistics", "legal", "research", "service", "quality",
	}
}

// findDepartment gives the finder of department.
func findDepartment() func(string) string {
	trades := []choice{
		{"management", compile("office manager*, stabsstelle vorstand")},
		{"legal", compile(legalFirst)},
		{"purchasing", compile(purchasing)},
		{"quality", compile(quality)},
		{"finance", compile(finance)},
		{"hr", compile(humanResources)},
		{"service", compile(service)},
		{"sales", compile(sales)},
		{"marketing", compile(marketing)},
		{"legal", compile(legal)},
		{"logistics", compile(logistics)},
		{"production", compile(productionFirst)},
		{"it", compile(informationTechnology)},
		{"research", compile(research)},
		{"production", compile(production)},
		{"engineering", compile(engineering)},
		{"operations", compile(operations)},
	}
	gone, things, runs, vice := compile(notAnyMore), compile(tradesOfThings), compile(runsAll), compile(vicePresidents)
	together := []choice{{"research", compile(researchTogether)}, {"hr", compile("people + culture")}}
	return func(text string) string {
		p := things.without(plain(text))
		if gone.in(p) {
			return ""
		}
		if word := first(together, p); word != "" {
			return word
		}
		for {
			part, rest, more := strings.Cut(p, " + ")
			part = " " + strings.TrimSpace(part) + " "
			if word := first(trades, part); word != "" {
				return word
			}
			if runs.in(vice.without(part)) {
				return "management"
			}
			if !more {
				return ""
			}
			p = rest
		}
	}
}

const (
	// Words that name a trade elsewhere.
	tradesOfThings = `art director*, service owner*, product service, personal assistant*, personal assistent*, personliche*, it s, as a service,
		executive officer, member of the, personal trainer*, kundenbetreuung online, sales force developer, public service`

	// runsAll are those who run the whole, with those around them.
	runsAll = `ceo, chief executive*, chief of staff, geschaftsfuhr*, *geschaftsfuhrer, *geschaftsfuhrerin, geschaftsleit*, gf, vorstand*, *vorstand,
		managing director*, executive director*, president, prasident, prasidentin, chairman, chairwoman, chairperson, board member*,
		board of directors, owner*, founder*, cofounder*, inhaber*, mitinhaber*, grunder*, mitgrunder*, eigentumer*, gesellschafter*, *gesellschafter,
		*gesellschafterin, unternehmer, unternehmerin, entrepreneur, proprietor, managing partner*, general manager*, country manager*,
		prokurist*, generaldirektor*, aufsichtsrat*, verwaltungsrat*, burgermeister*, oberburgermeister*, mayor, unternehmensleit*, unternehmensfuhr*,
		unternehmensentwicklung, corporate development, strategie, strategy, kaufmannische leit*, kaufmannischer leiter, niederlassungsleit*,
		standortleit*, executive assistant*, director s office`

	researchTogether = `r + d, f + e, r d, research + development, forschung + entwicklung, f e`

	legalFirst = `datenschutz*, data protection, privacy, compliance*, legal*, *jurist*, juristisch*, syndikus*, vertragsmanage*, contract manage*`

	purchasing = `purchas*, procure*, buyer*, *buyer, sourcing, einkauf*, *einkauf, *einkaufer, *einkauferin, beschaffung*, *beschaffung, disposition einkauf,
		vergabe*, category manage*, supplier*, lieferantenmanage*, strategischer einkauf`

	quality = `quality*, qualitat*, qm, qmb, qs, qa, *qualitat, *qualitatsmanagement, *qualitatssicherung, test manager*, testmanag*, tester*, reklamation*`

	finance = `financ*, finanz*, cfo, chief financial, account payable, accounts payable, accounts receivable, accounting*, accountant*, bookkeep*,
		controlling*, controller*, *controlling, *controller, *controllerin, buchhalt*, *buchhalter, *buchhalterin, *buchhaltung, rechnungswesen, steuer, steuern,
		steuerberat*, tax, treasur*, audit*, revision*, *revision, revisor*, wirtschaftsprufer*, debitor*, kreditor*, bilanz*, billing, kaufmannische leitung finanzen`

	humanResources = `hr, human resource*, chro, chief people, chief human, people operations, people culture, people partner*, people manage*,
		personal, personal*, *personal, recruit*, talent*, personnel, ausbildung, ausbildungs*, payroll, lohnbuchhalt*, entgelt*, employer branding`

	service = `customer service*, kundenservice*, kundendienst*, service, *service, servicetechnik*, serviceleit*, servicemanag*, service*, customer support,
		technical support, support, customer success*, customer care, customer experience, kundenbetreu*, call center, callcenter*, helpdesk, hotline,
		after sales, aftersales, field service, instandhaltung kunden, kundenzufriedenheit`

	sales = `sales*, *sales, vertrieb*, *vertrieb, *vertriebs, verkauf*, *verkauf, *verkaufer, *verkauferin, account manage*, accountmanag*,
		key account*, keyaccount*, account executive*, account director, business develop*, cso, cro, chief revenue, chief commercial, chief sales, aussendienst*,
		innendienst*, *innendienst, *aussendienst, presales, pre sales, channel*, kundenberat*, revenue*, export*, bid manager*, angebotsmanag*, tendering,
		commercial director, commercial manager, handelsvertret*, filialleit*, store manager`

	marketing = `market*, *marketing, *marketings, cmo, brand*, marken*, werbung, werbe*, advertising*, advertiser*, advertisement*, kommunikation*, *kommunikation, communication*, public relations, pr, presse*,
		content*, social media*, seo, sea, campaign*, kampagn*, redakt*, community manage*, communitymanag*, event*, veranstaltung*, messe, messen, messe*,
		press officer, media relations, demand generation, growth, digital media, offentlichkeitsarbeit, e commerce, ecommerce`

	legal = `lawyer*, attorney*, counsel, recht, rechts*, *recht, *anwalt, *anwaltin, anwalt*, notar*, patent*, justiziar*`

	logistics = `logist*, *logistik, supply chain*, supplychain*, lager*, *lager, warehous*, versand*, shipping, dispon*, *disponent, *disponentin, disposition*,
		transport*, fuhrpark*, fleet, spedition*, fahrer*, driver*, inventory, distribution, zoll*, customs, materialwirtschaft*, materials manage*, import*`

	// Before the trades whose words the plant uses too.
	productionFirst = `production*, produktion*, *produktion, manufactur*, fertigung*, *fertigung, plant, plant*, werksleit*, werkleit*, betriebsleit*, shop floor,
		lean manage*, arbeitsvorbereit*, montage*, *montage, foreman, industriemeister*, schichtleit*, schichtfuhr*, assembly`

	informationTechnology = `it, *informatik*, information technology, information systems, information security, informationssicherheit*, informationstechn*, cio, ciso, cdo,
		chief information, chief digital, chief data, edv*, software*, *software, developer*, *developer, softwareentwickl*, webentwickl*, web develop*, programm*,
		system admin*, systemadmin*, sysadmin, admin, administrator*, *administrator, *administratorin, network*, netzwerk*, devops*, data*, database*, datenbank*,
		cloud*, security architect, cyber*, digitali*, sap, erp, frontend*, backend*, full stack*, fullstack*, scrum*, agile*, product owner*,
		solution architect*, enterprise architect*, anwendungsentwickl*, informatiker*, ki, ai, ai*engineer, machine learning`

	research = `research*, forsch*, *forschung, *forscher, scientist*, wissenschaft*, *wissenschaftler, labor*, laboratory, lab, innovation*, doktorand*, chemiker*, chemist*`

	production = `maschinenbedien*, maschinenfuhr*, machine operator*, schweisser*, welder*, schlosser*, *schlosser, cnc*, zerspan*, monteur*, instandhalt*, maintenance, arbeiter*, werkzeugmach*,
		mechatroniker*, industriemechaniker*, mechaniker*, mechanic*, anlagenfuhr*, anlagenbedien*, produktionsmitarb*`

	engineering = `engineer*, *engineer, *engineering, ingenieur*, *ingenieur, *ingenieurin, konstrukt*, *konstrukteur, *konstrukteurin, *konstruktion, design engineer*, cto,
		chief technology, chief technical, technical director, technische leit*, technischer leiter, leiter technik, leiterin technik, leitung technik, technik, technisch*,
		entwickl*, *entwicklung, *entwickler, *entwicklerin, development, produktentwickl*, hardware*, mechanical*, electrical*, elektro*, automatisier*, automation*,
		cad, product manage*, produktmanag*, projektierung*, projektingenieur*, architekt*, architect*, bauleit*, technician*, techniker*`

	operations = `operat*, coo, chief operating, betrieb, betriebs*, prozess*, process*, facility*, facilit*, gebaude*, hausmeister*, verwaltung, administration,
		arbeitssicherheit*, ehs, hse, health + safety, project manage*, projektmanag*, projektleit*, program manage*, programme manage*, pmo, change manage*`
)
