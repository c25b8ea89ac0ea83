package vocabulary

import (
	"slices"
	"strings"
)

// levels are the words of job_level from the highest to the lowest.
func levels() []string {
	return []string{"owner", "c_level", "vp", "director", "head", "manager", "specialist", "assistant", "trainee", "student"}
}

// rank is a word with what leads to it and what only looks so.
type rank struct {
	choice
	except patterns
}

// findLevel gives the finder of job_level.
func findLevel() func(string) string {
	gone, leads := compile(notAnyMore), compile(leadsOthers)
	things, deputies, rankless := compile(ranksOfThings), compile(rankedAssistants), compile(rankless)
	lower := []choice{{"student", compile(students)}, {"trainee", compile(trainees)}, {"assistant", compile(assistants)}}
	small := slices.Concat(compile(teams), compile(managersOfThings))
	higher := []rank{
		{choice{"owner", compile(owners)}, nil},
		{choice{"vp", compile(vicePresidents)}, nil},
		{choice{"c_level", compile(chiefs)}, compile(vicePresidents)},
		{choice{"director", compile(directors)}, nil},
		{choice{"head", compile(heads)}, small},
		{choice{"manager", slices.Concat(compile(managers), compile(teams))}, compile(managersOfThings)},
		{choice{"specialist", slices.Concat(compile(specialists), compile(managersOfThings))}, nil},
	}
	return func(text string) string {
		p := strings.ReplaceAll(plain(text), " + ", " ")
		if gone.in(p) {
			return ""
		}
		p = officer(things.without(p))
		if !leads.begin(p) {
			if word := first(lower, deputies.without(p)); word != "" {
				return word
			}
		}
		if word := highest(higher, rankless.without(p)); word != "" || !rankless.in(p) {
			return word
		}
		return "specialist"
	}
}

// officer writes the chief officer of anything as the chief executive.
func officer(p string) string {
	_, after, found := strings.Cut(p, " chief ")
	if found && strings.Contains(" "+after, " officer ") {
		return p + "ceo "
	}
	return p
}

// highest is the highest rank in the text. A chief who is vice president as well is a chief.
func highest(ranks []rank, p string) string {
	vice := false
	for _, r := range ranks {
		switch found := r.found.in(r.except.without(p)); {
		case found && r.word == "vp":
			vice = true
		case vice && (!found || r.word != "c_level"):
			return "vp"
		case found:
			return r.word
		}
	}
	return ""
}

const (
	notAnyMore = `former, formerly, ex, ehemalige, ehemaliger, ehemals, retired, rentner, rentnerin, im ruhestand, a d,
		pensionar, pensionarin, arbeitssuchend, arbeitslos, auf stellensuche, seeking, looking for, unemployed, open to work`

	// What begins so leads those who come after.
	leadsOthers = `head of, director of, vice president of, vp of, vp, svp, leiter, leiterin, leitung, leitende, leitender,
		chief, dean of, president of, manager of, ausbildungsleiter*, ausbildungsleitung`

	// Words that mean a rank elsewhere, and nobody's rank here.
	ranksOfThings = `halbleiter*, lead generation, lead gen, lead management, lead nurturing, lead qualification,
		student services, student affairs, student success, student adviser, student advisor, student counsellor,
		student counselor, studienberater*, trainee program, trainee programme, trainee program*, trainer*,
		president s office, office of the president, lead time, interne revision, blitzableiter*`

	// Assistants that have the rank of those they stand in for.
	rankedAssistants = `assistant manager, assistant general manager, assistant director, assistant vice president,
		assistant vp, assistant head, assistant professor, assistant controller, assistant treasurer, assistenzarzt*,
		assistant attorney, assistant plant manager, assistant store manager, assistant secretary general`

	students = `student, studentin, studenten, studenten*, students, studierende, studierender, werkstudent*, werksstudent*, studentische,
		studentischer, undergraduate, phd candidate, doktorand, doktorandin, masterand, masterandin, bachelorand,
		bachelorandin, diplomand, diplomandin, duales studium, dual student, schuler, schulerin, pupil`

	trainees = `trainee*, auszubildende*, azubi*, lehrling*, apprentice*, volontar*, praktikant*, praktikum, intern,
		internship, referendar*, in ausbildung, graduate program*, anwarter*, umschuler*, kaufmann i a, kauffrau i a`

	assistants = `assistant*, assistent*, *assistent, *assistentin, *assistenten, *assistenz, assistenz*,
		secretary, sekretar*, *sekretarin, *sekretar, sekretariat, *sekretariat, office manager*, office managerin,
		backoffice, back office, pa to, receptionist, empfang, empfangsmitarbeiter*, burokraft*, buroassistenz, aushilfe*,
		hilfskraft, hilfskrafte, temp, minijob*, vorzimmer, buro der geschaftsfuhrung, office of the ceo, stabsstelle vorstand`

	owners = `owner, owners, coowner, co owner, founder*, cofounder*, co founder*, inhaber*, mitinhaber*, firmeninhaber*,
		geschaftsinhaber*, firmengrunder*, grunder*, mitgrunder*, eigentumer*, miteigentumer*, gesellschafter*,
		*gesellschafter, *gesellschafterin, proprietor*, managing partner*, equity partner, senior partner, unternehmer,
		unternehmerin, selbststandig*, selbstandig*, self employed, selfemployed, freelance*, freiberuf*, einzelunternehm*,
		einzelkaufmann, entrepreneur, shareholder, landwirt, landwirtin`

	// Ranks in other people's titles: nobody of these owns, heads or is chief.
	rankless = `product owner*, process owner*, prozesseigner*, service owner*, data owner*, system owner*, application owner*,
		platform owner*, solution owner*, project owner*, content owner*, risk owner*, founders associate, founder s associate,
		founder associate, owner s representative, vorstandsreferent*,
		referent des vorstands, referentin des vorstands, referent der geschaftsfuhrung, referentin der geschaftsfuhrung,
		referent der geschaftsleitung, referentin der geschaftsleitung, referent geschaftsfuhrung, referentin geschaftsfuhrung, grunderberat*, grundungsberat*,
		art director*, chief of staff, hausmeister*, begleiter, *begleiter, *begleiterin, reiseleiter*, bauhelfer, betriebsrat*,
		account director, unternehmensberat*`

	vicePresidents = `vice president*, vicepresident*, vizeprasident*, vp, svp, evp, avp, rvp, gvp`

	chiefs = `ceo, cfo, coo, cto, cio, ciso, cmo, cso, chro, cpo, cdo, cro, cco, cao, clo, cxo, c level, chief executive*,
		chief financial, chief operating, chief technology, chief technical, chief information, chief marketing, chief sales,
		chief revenue, chief commercial, chief product, chief digital, chief data, chief people, chief human, chief customer,
		chief strategy, chief legal, chief compliance, chief security, chief procurement, chief supply, chief quality,
		chief innovation, chief transformation, chief sustainability, chief growth, chief administrative, chief experience,
		chief medical, chief scientific, chief business, chief risk, chief investment, chief officer,
		geschaftsfuhrer*, *geschaftsfuhrer, *geschaftsfuhrerin, geschaftsfuhrung, geschaftsfuhrend*, geschaftsleit*, gf, gfin,
		vorstand, vorstande, vorstandin, vorstands, vorstandsmitglied*, vorstandsvorsitz*, vorstandssprecher*, vorsitzender des vorstands,
		*vorstand, *vorstandin, mitglied des vorstands, managing director*, executive director*, president, presidents, prasident,
		prasidentin, chairman, chairwoman, chairperson, chair of the board, board member*, member of the board, generaldirektor*,
		secretary general, generalsekretar*, mayor, burgermeister*, oberburgermeister*, aufsichtsrat*, verwaltungsrat*, landrat, landratin,
		hauptgeschaftsfuhrer*, unternehmensleit*, unternehmensfuhr*, firmenleit*, betriebsinhaber*`

	directors = `director, directors, direktor, direktorin, direktoren, *direktor, *direktorin, bereichsleit*, hauptabteilungsleit*,
		geschaftsbereichsleit*, spartenleit*, niederlassungsleit*, standortleit*, werksleit*, werkleit*, landesleit*,
		regionalleit*, prokura, prokurist*, ppa, general manager*, country manager*, plant manager*, site manager*, business unit manager*,
		business unit lead*, bu leit*, leiter geschaftsbereich, leiterin geschaftsbereich, dean, dekan, dekanin, rektor, rektorin, schulleit*,
		kanzler, kanzlerin, chefarzt*, arztliche leit*, verlagsleit*, institutsleit*`

	heads = `head, heads, leiter, leiterin, leiterinnen, *leiter, *leiterin, *leiterinnen, *leitung, leitung, leitende, leitender, *vorsteher, *vorsteherin,
		chef, chefin, *chef, *chefin, chefingenieur*, chefredakt*, chefentwickler*, chefeinkaufer*, chief engineer, chief architect,
		chief accountant, chief editor, editor in chief, chief buyer, department manager*, department lead*, oberarzt*, dezernent*,
		amtsleit*, controlling leit*, verantwortlicher leiter`

	managersOfThings = `account manager*, key account*, account executive*, community manager*, social media manager*, content manager*,
		campaign manager*, case manager*, customer success manager*, partner manager*, channel account*, relationship manager*,
		accountmanager*, keyaccount*, communitymanager*, content strategist*, facility manager*, change manager*, seo manager*`

	// Leads a team or a project, and no department.
	teams = `teamleit*, gruppenleit*, schichtleit*, projektleit*, bauleit*, filialleit*, marktleit*, stationsleit*, referatsleit*,
		fachgruppenleit*, teilprojektleit*, *projektleiter, *projektleiterin, *teamleiter, *teamleiterin, team lead*, teamlead*, team leader*,
		group lead*, tech lead, technical lead, project lead*, objektleit*, lagerleit*, kuchenleit*, kuchenchef*`

	managers = `manager, managers, managerin, managerinnen, *manager, *managerin, supervisor*, foreman, forewoman, vorarbeiter*, polier*, meister,
		meisterin, *meister, *meisterin, lead, leader, superintendent, scrum lead, gruppenfuhrer*`

	specialists = `engineer*, *engineer, ingenieur*, *ingenieur, *ingenieurin, developer*, *developer, entwickler*, *entwickler, *entwicklerin,
		programmer*, programmierer*, consultant*, *consultant, berater*, *berater, *beraterin, adviser*, advisor*, analyst*, *analyst, *analystin,
		administrator*, *administrator, *administratorin, admin, sysadmin, spezialist*, *spezialist, *spezialistin, specialist*, expert*, *experte,
		*expertin, referent*, *referent, *referentin, sachbearbeit*, *sachbearbeiter, *sachbearbeiterin, einkaufer*, *einkaufer, *einkauferin,
		buyer*, purchaser*, controller*, *controller, *controllerin, buchhalter*, *buchhalter, *buchhalterin, accountant*, bookkeeper*,
		techniker*, *techniker, *technikerin, technician*, architekt*, *architekt, *architektin, architect*, designer*, *designer, *designerin,
		planer*, *planer, *planerin, planner*, disponent*, *disponent, *disponentin, dispatcher*, koordinator*, *koordinator, *koordinatorin,
		coordinator*, scrum master*, agile coach*, jurist*, lawyer*, attorney*, counsel, anwalt, anwaltin, *anwalt, *anwaltin, beauftragte*, *beauftragte,
		*beauftragter, mitarbeiter*, *mitarbeiter, *mitarbeiterin, *kaufmann, *kauffrau, *kaufleute, mechaniker*, *mechaniker, *mechanikerin,
		mechatroniker*, *monteur*, wissenschaft*, *wissenschaftler, scientist*, researcher*, forscher*, arzt, arztin, *arzt, *arztin, physician,
		doctor, professor*, lehrer*, *lehrer, *lehrerin, teacher, lecturer, dozent*, associate*, representative*, rep, agent*, officer*, executive*,
		vertreter*, *vertreter, *vertreterin, verkaufer*, *verkaufer, *verkauferin, salesperson, seller, redakteur*, *redakteur, editor*, writer*,
		texter*, prufer*, auditor*, inspector*, tester*, recruiter*, trainer*, coach*, steuerberater*, wirtschaftsprufer*, pfleger*, nurse*, operator*,
		bediener*, fachkraft, *fachkraft, fahrer*, driver*, worker, arbeiter*, *arbeiter, *arbeiterin, clerk*, business partner*, elektroniker*, *elektroniker,
		elektriker*, electrician*, chemiker*, chemist*, physiker*, informatiker*, *informatiker, laborant*, *laborant, schweisser*, welder*, product owner*`
)
