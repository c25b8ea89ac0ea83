package scoring

import (
	"slices"
	"strings"
)

// WordList is a list of words that the model declares (words:).
type WordList struct {
	Name  string
	Words []string
	Used  bool // a condition of the model mentions it
}

// wordList is a list as conditions need it.
type wordList struct {
	WordList
	folded map[string]struct{}
}

// WordLists are the declared lists of words in the order of the file.
func (m *Model) WordLists() []WordList {
	lists := make([]WordList, 0, len(m.lists))
	for i := range m.lists {
		if m.lists[i].Name == freeMail && i >= m.ownLists {
			continue
		}
		one := m.lists[i].WordList
		one.Words = slices.Clone(one.Words)
		lists = append(lists, one)
	}
	return lists
}

// newWordList makes a list ready for conditions.
func newWordList(name string, words []string) wordList {
	list := wordList{WordList: WordList{Name: name, Words: words}, folded: make(map[string]struct{}, len(words))}
	for _, word := range words {
		list.folded[foldCase(word)] = struct{}{}
	}
	return list
}

// list finds a list of words by its name, and notes that it is used. The one that needs no declaration is made when
// it is first asked for.
func (m *Model) list(name string) (*wordList, bool) {
	i := slices.IndexFunc(m.lists, func(l wordList) bool { return l.Name == name })
	if i < 0 && name == freeMail {
		i = len(m.lists)
		m.lists = append(m.lists, newWordList(freeMail, strings.Fields(freeMailDomains)))
	}
	if i < 0 {
		return nil, false
	}
	m.lists[i].Used = true
	return &m.lists[i], true
}

// listNames are all names of lists that a condition can mention.
func (m *Model) listNames() []string {
	names := []string{freeMail}
	for i := range m.lists {
		if m.lists[i].Name != freeMail {
			names = append(names, m.lists[i].Name)
		}
	}
	return names
}

// isDomain reports whether a word can be the domain of an address.
func isDomain(word string) bool {
	inner := strings.Trim(word, ".")
	return inner == word && strings.Contains(word, ".") && !strings.ContainsAny(word, "@/: \t\\*") && !strings.Contains(word, "..")
}

// inDomains reports whether the domain of a folded text, or one above it, is in the list.
func inDomains(text string, domains map[string]struct{}) bool {
	domain := strings.TrimSpace(text[strings.LastIndexByte(text, '@')+1:])
	for domain != "" {
		if _, found := domains[domain]; found {
			return true
		}
		_, domain, _ = strings.Cut(domain, ".")
	}
	return false
}

// freeMail is the list of words that needs no declaration.
const freeMail = "free_mail"

// freeMailDomains are domains where anybody gets an address, free or with the line at home: mail services and access
// providers of the German-speaking countries, of their neighbours and of the world, and throw-away addresses.
const freeMailDomains = `
	gmx.de gmx.net gmx.at gmx.ch gmx.com gmx.eu gmx.info gmx.biz gmx.org gmx.tm gmx.us gmx.co.uk gmx.fr gmx.es gmx.li web.de email.de
	t-online.de magenta.de t-mobile.de freenet.de freenet.mobi freenetmail.de arcor.de arcormail.de vodafone.de vodafonemail.de
	kabelmail.de unitybox.de unity-mail.de o2mail.de o2online.de online.de onlinehome.de 1und1.de mail.de mailbox.org posteo.de
	posteo.net posteo.org tutanota.com tutanota.de tuta.io tuta.com tutamail.com keemail.me aol.de hotmail.de live.de outlook.de
	yahoo.de ymail.de googlemail.com google-mail.de rocketmail.de lycos.de alice.de alice-dsl.net alice-dsl.de hanse.net hansenet.de
	versanet.de ewetel.net ewe.net osnanet.de netcologne.de nc-online.de m-net.de mnet-online.de mnet-mail.de tele2.de
	kielnet.net wtnet.de primacom.net pyur.net telecolumbus.net htp-tel.de teleos-web.de gelsennet.de wilhelm-tel.de
	compuserve.de directbox.com directbox.de firemail.de fn.de fantasymail.de epost.de smart-mail.de uni.de loveyou.de ok.de
	chello.at aon.at a1.net inode.at utanet.at kabsi.at liwest.at drei.at sms.at telering.at
	bluewin.ch bluemail.ch sunrise.ch hispeed.ch freesurf.ch tiscali.ch vtxmail.ch hotmail.ch quickline.ch upcmail.net green.ch
	gmail.com outlook.com outlook.at outlook.fr outlook.it outlook.es outlook.com.br hotmail.com hotmail.at hotmail.fr hotmail.it hotmail.es
	hotmail.co.uk hotmail.nl hotmail.be hotmail.se hotmail.com.br live.com live.at live.fr live.it live.nl live.be live.co.uk live.se live.dk
	live.no live.ca live.com.au msn.com windowslive.com passport.com yahoo.com yahoo.at yahoo.co.uk yahoo.fr yahoo.it yahoo.es yahoo.nl
	yahoo.co.in yahoo.in yahoo.ca yahoo.com.br yahoo.com.au yahoo.co.jp yahoo.com.mx yahoo.com.ar yahoo.gr yahoo.pl yahoo.se yahoo.dk yahoo.no
	yahoo.ie yahoo.com.tr yahoo.ro ymail.com rocketmail.com myyahoo.com aol.com aim.com aol.co.uk aol.fr love.com
	icloud.com me.com mac.com proton.me protonmail.com protonmail.ch pm.me hey.com fastmail.com fastmail.fm fastmail.net hushmail.com
	hush.com zoho.com zohomail.com zohomail.eu mail.com email.com usa.com europe.com post.com consultant.com engineer.com dr.com
	inbox.com gawab.com lycos.com lavabit.com runbox.com startmail.com ctemplar.com disroot.org riseup.net mailfence.com
	yandex.com yandex.ru ya.ru mail.ru inbox.ru list.ru bk.ru rambler.ru qq.com 163.com 126.com sina.com sohu.com foxmail.com yeah.net
	aliyun.com naver.com hanmail.net daum.net nate.com rediffmail.com
	comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net juno.com netzero.net optonline.net
	roadrunner.com rr.com frontier.com windstream.net rogers.com shaw.ca sympatico.ca bell.net telus.net videotron.ca
	btinternet.com btopenworld.com sky.com talktalk.net virginmedia.com virgin.net blueyonder.co.uk ntlworld.com tiscali.co.uk
	plusnet.com o2.co.uk orange.net eircom.net bigpond.com optusnet.com.au ozemail.com.au xtra.co.nz
	orange.fr wanadoo.fr free.fr sfr.fr laposte.net neuf.fr bbox.fr club-internet.fr numericable.fr aliceadsl.fr voila.fr
	libero.it virgilio.it tiscali.it alice.it tin.it fastwebnet.it email.it inwind.it iol.it tim.it vodafone.it
	telefonica.net terra.es wanadoo.es ya.com sapo.pt mail.telepac.pt clix.pt iol.pt terra.com.br uol.com.br bol.com.br ig.com.br
	ziggo.nl kpnmail.nl kpnplanet.nl planet.nl home.nl hetnet.nl xs4all.nl upcmail.nl casema.nl chello.nl zonnet.nl quicknet.nl
	telenet.be skynet.be proximus.be scarlet.be belgacom.net pt.lu vo.lu
	telia.com tele2.se spray.se bredband.net comhem.se online.no broadpage.no getmail.no mail.dk tdcadsl.dk jubii.dk stofanet.dk
	elisanet.fi kolumbus.fi luukku.com suomi24.fi wp.pl onet.pl o2.pl interia.pl op.pl poczta.onet.pl gazeta.pl tlen.pl vp.pl
	seznam.cz centrum.cz email.cz volny.cz atlas.cz post.cz centrum.sk azet.sk zoznam.sk freemail.hu citromail.hu t-online.hu
	abv.bg mail.bg net.hr inet.hr siol.net ukr.net i.ua meta.ua otenet.gr in.gr freemail.gr mynet.com walla.co.il walla.com
	mailinator.com guerrillamail.com 10minutemail.com trashmail.com trash-mail.com wegwerfmail.de byom.de spambog.com yopmail.com
	temp-mail.org tempmail.com discard.email maildrop.cc getnada.com sharklasers.com mohmal.com dispostable.com fakeinbox.com
	mail-temporaire.fr muellmail.com spamgourmet.com`
