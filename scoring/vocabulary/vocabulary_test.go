package vocabulary_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"leadsync/fixtures/hostile"
	"leadsync/scoring/vocabulary"
)

// lines are the lines of a file of testdata without its comments.
func lines(tb testing.TB, name string) []string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	list := strings.Split(strings.TrimSpace(string(text)), "\n")
	return slices.DeleteFunc(list, func(line string) bool { return strings.HasPrefix(line, "#") })
}

func open(tb testing.TB, name string) *vocabulary.Vocabulary {
	tb.Helper()
	v, err := vocabulary.Open(name)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func TestWord(t *testing.T) {
	for name, least := range map[string]int{"job_level": 150, "department": 110, "country": 70, "company_size": 60, "industry": 70} {
		v := open(t, name)
		table := lines(t, name+".txt")
		if len(table) < least {
			t.Errorf("%s has only %d texts", name, len(table))
		}
		for _, line := range table {
			text, want, ok := strings.Cut(line, " |")
			if want = strings.TrimSpace(want); !ok {
				t.Fatalf("%s: %q has no bar", name, line)
			}
			if got, known := v.Word(text); got != want || known != (want != "") {
				t.Errorf("%s of %q is %q, want %q", name, text, got, want)
			}
		}
	}
}

// Every word stands for itself, in any case, and is what some text has: a word that nothing leads to is a trap.
func TestWord_eachStandsForItself(t *testing.T) {
	for _, name := range vocabulary.Names() {
		v := open(t, name)
		if v.Name() != name {
			t.Errorf("%s calls itself %s", name, v.Name())
		}
		reached := map[string]bool{}
		if name == "country" { // by its codes
			reached = nil
		}
		for _, line := range lines(t, name+".txt") {
			if _, word, _ := strings.Cut(line, " |"); reached != nil {
				reached[strings.TrimSpace(word)] = true
			}
		}
		for _, word := range v.Words() {
			for _, text := range []string{word, strings.ToUpper(word), " " + strings.ToLower(word) + "\n"} {
				if got, ok := v.Word(text); got != word || !ok {
					t.Errorf("%s of %q is %q", name, text, got)
				}
			}
			if reached != nil && !reached[word] {
				t.Errorf("no text of testdata leads to %s %s", name, word)
			}
		}
	}
}

func TestOpen_unknown(t *testing.T) {
	if _, err := vocabulary.Open("contry"); err == nil || !strings.Contains(err.Error(), `"contry"`) || !strings.Contains(err.Error(), "country") {
		t.Error(err)
	}
}

// What people write about gender makes no difference to rank and department.
func TestWord_gender(t *testing.T) {
	for _, of := range []string{
		"Geschäftsführer", "Abteilungsleiter Einkauf", "Leiter IT", "Einkäufer", "Projektleiter", "Prokurist", "Vertriebsleiter",
		"Inhaber", "Sachbearbeiter Buchhaltung", "Softwareentwickler", "Praktikant Marketing", "Werkstudent Logistik", "Bereichsleiter Produktion",
	} {
		for _, name := range []string{"job_level", "department"} {
			v := open(t, name)
			want, ok := v.Word(of)
			title, rest, _ := strings.Cut(of, " ")
			for _, ending := range []string{"in", "In", "/in", "/-in", ":in", "*in", "_in", "(in)", "·in", ":innen", "*innen"} {
				other := strings.TrimSpace(title + ending + " " + rest)
				for _, text := range []string{other, other + " (m/w/d)", strings.ToUpper(other), "Stellv. " + other, strings.NewReplacer("ä", "ae", "ü", "ue").Replace(other), strings.NewReplacer("ä", "a", "ü", "u").Replace(other)} {
					if got, known := v.Word(text); got != want || known != ok {
						t.Errorf("%s of %q is %q, of %q %q", name, of, want, text, got)
					}
				}
			}
		}
	}
}

// Every country is found by its codes and by its names, and no name is that of two.
func TestWord_everyCountry(t *testing.T) {
	v := open(t, "country")
	english, german := display.English.Regions(), display.German.Regions()
	if n := len(v.Words()); n != 250 {
		t.Errorf("%d countries", n)
	}
	for _, code := range v.Words() {
		region, err := language.ParseRegion(code)
		if err != nil || !region.IsCountry() || region.String() != code || region.ISO3() == "ZZZ" {
			t.Errorf("%s is no country: %v", code, err)
			continue
		}
		for _, text := range []string{region.ISO3(), english.Name(region), german.Name(region), strings.ToUpper(german.Name(region)), "(" + english.Name(region) + ")"} {
			if got, _ := v.Word(text); got != code {
				t.Errorf("%q is %q, want %s", text, got, code)
			}
		}
	}
}

func TestWord_everyIndustryOfHubSpot(t *testing.T) {
	v := open(t, "industry")
	values := lines(t, "hubspot_industries.txt")
	if len(values) < 140 {
		t.Errorf("only %d values", len(values))
	}
	for _, value := range values {
		word, ok := v.Word(value)
		label, _ := v.Word(strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(value), "_and_", " & "), "_", " "))
		if !ok || label != word {
			t.Errorf("%s is %q, its label %q", value, word, label)
		}
	}
}

func TestWord_tooLong(t *testing.T) {
	if word, ok := open(t, "job_level").Word("CEO " + strings.Repeat("x", 500)); ok {
		t.Error(word)
	}
}

func TestWords_isACopy(t *testing.T) {
	v := open(t, "company_size")
	v.Words()[0] = "x"
	if v.Words()[0] != "micro" {
		t.Error("the words can be changed")
	}
}

func TestWord_inManyGoroutines(t *testing.T) {
	for _, name := range vocabulary.Names() {
		v := open(t, name)
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for _, line := range lines(t, name+".txt") {
					text, want, _ := strings.Cut(line, " |")
					if got, _ := v.Word(text); got != strings.TrimSpace(want) {
						t.Errorf("%s of %q is %q", name, text, got)
					}
				}
			})
		}
		group.Wait()
	}
}

func FuzzWord(f *testing.F) {
	var all []*vocabulary.Vocabulary
	for _, name := range vocabulary.Names() {
		all = append(all, open(f, name))
		for _, line := range lines(f, name+".txt") {
			f.Add(line)
		}
	}
	for _, text := range []string{"", "\xff", "/", "in", "/in", "·", "*", "1", "1.", ",5", "9.999.999.999k", "-", "\u0308", "a\u0308e", "K K", "1 1 1", "()", "ß/in"} {
		f.Add(text)
	}
	w := hostile.New(f)
	f.Fuzz(func(t *testing.T, text string) {
		w.Run(t, func() {
			for _, v := range all {
				word, ok := v.Word(text)
				if ok != (word != "") || ok && !slices.Contains(v.Words(), word) {
					t.Errorf("%s of %q is %q, %v", v.Name(), text, word, ok)
				}
				if again, _ := v.Word(" " + text + "\t"); len(text) < 400 && again != word && strings.ToValidUTF8(text, "") == text {
					t.Errorf("%s of %q is %q, with space around it %q", v.Name(), text, word, again)
				}
			}
		})
	})
}

func BenchmarkWord(b *testing.B) {
	for name, text := range map[string]string{
		"job_level": "Stellv. Abteilungsleiterin Einkauf", "department": "Stellv. Abteilungsleiterin Einkauf", "country": "Deutschland",
		"company_size": "51-200 Mitarbeiter", "industry": "COMPUTER_SOFTWARE",
	} {
		b.Run(name, func(b *testing.B) {
			v := open(b, name)
			b.ReportAllocs()
			for b.Loop() {
				v.Word(text)
			}
		})
	}
}
