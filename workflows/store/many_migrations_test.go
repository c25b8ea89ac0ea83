package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"leadsync/workflows/store"
)

var (
	comments    = regexp.MustCompile(`(?m)--.*$`)
	newTable    = regexp.MustCompile(`(?is)^CREATE TABLE (\w+) \(.*\)$`)
	newIndex    = regexp.MustCompile(`(?is)^CREATE (UNIQUE )?INDEX \w+ ON (\w+) \(.*$`)
	newColumn   = regexp.MustCompile(`(?i)^ALTER TABLE \w+ ADD COLUMN \w+ (TEXT|BIGINT|INTEGER)( NOT NULL DEFAULT (''|-?\d+|'[^']*'))?$`)
	firstFill   = regexp.MustCompile(`(?is)^INSERT INTO (\w+) .*$`)
	manySpaces  = regexp.MustCompile(`\s+`)
	annotations = regexp.MustCompile(`(?m)^-- \+goose (.*)$`)
)

// objections are what a previous binary could stumble over in a migration: everything but new tables with their contents,
// new indexes that refuse nothing, and new columns that need no value.
func objections(text string) []string {
	var out []string
	for _, a := range annotations.FindAllStringSubmatch(text, -1) {
		if a[1] != "Up" {
			out = append(out, "annotation +goose "+a[1])
		}
	}
	fresh := map[string]bool{}
	for statement := range strings.SplitSeq(comments.ReplaceAllString(text, ""), ";") {
		statement = strings.TrimSpace(manySpaces.ReplaceAllString(statement, " "))
		table, index, fill := newTable.FindStringSubmatch(statement), newIndex.FindStringSubmatch(statement), firstFill.FindStringSubmatch(statement)
		switch {
		case statement == "", newColumn.MatchString(statement):
		case table != nil:
			fresh[table[1]] = true
		case index != nil && (index[1] == "" || fresh[index[2]]):
		case fill != nil && fresh[fill[1]]:
		default:
			out = append(out, statement)
		}
	}
	return out
}

// A previous release works on a database that the next one has migrated (design, "One SQL text for two databases").
func TestMigrations_suitThePreviousRelease(t *testing.T) {
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(err, len(files))
	}
	numbers := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range objections(string(text)) {
			t.Errorf("%s: the previous release may not work with it: %s", file, o)
		}
		number, _, _ := strings.Cut(filepath.Base(file), "_")
		if other := numbers[number]; other != "" {
			t.Errorf("%s and %s have the same number", file, other)
		}
		numbers[number] = file
	}
	for _, bad := range []string{
		"DROP TABLE due", "DROP INDEX due_hinted", "ALTER TABLE due DROP COLUMN error", "ALTER TABLE due RENAME TO dues",
		"ALTER TABLE due RENAME COLUMN error TO fault", "ALTER TABLE due ADD COLUMN x TEXT NOT NULL", "ALTER TABLE due ALTER COLUMN error TYPE BIGINT",
		"ALTER TABLE due ALTER COLUMN error SET NOT NULL", "ALTER TABLE due ADD CONSTRAINT c CHECK (revision > 0)",
		"CREATE UNIQUE INDEX u ON due (portal, error)", "UPDATE due SET error = ''", "DELETE FROM due", "INSERT INTO due (portal) VALUES ('1')",
		"CREATE TRIGGER t AFTER INSERT ON due BEGIN SELECT 1", "ALTER TABLE due ADD COLUMN x TEXT NOT NULL DEFAULT '' UNIQUE",
		"ALTER TABLE due ADD COLUMN x TEXT REFERENCES portals (portal)", "CREATE TABLE x AS SELECT 1",
	} {
		if len(objections("-- +goose Up\n"+bad+";\n")) == 0 {
			t.Errorf("not objected to: %s", bad)
		}
	}
}

// column is a column as a previous release knows it.
type column struct {
	name  string
	text  bool
	keyed bool // part of the primary key
}

// oldRelease writes and reads tables as a release does that knows them as they were.
type oldRelease struct {
	*testing.T
	postgres bool
	db       *sql.DB
	tables   map[string][]column
}

func (o *oldRelease) learn() {
	o.Helper()
	o.tables = map[string][]column{}
	query := `SELECT m.name, p.name, p.type = 'TEXT', p.pk > 0 FROM sqlite_master m JOIN pragma_table_info(m.name) p
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE 'goose%'`
	if o.postgres {
		query = `SELECT c.table_name, c.column_name, c.data_type = 'text', EXISTS (SELECT 1 FROM information_schema.key_column_usage k
				WHERE k.table_schema = c.table_schema AND k.table_name = c.table_name AND k.column_name = c.column_name)
			FROM information_schema.columns c WHERE c.table_schema = current_schema() AND c.table_name NOT LIKE 'goose%'`
	}
	rows, err := o.db.QueryContext(o.Context(), query)
	if err != nil {
		o.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var table string
		var c column
		if err := rows.Scan(&table, &c.name, &c.text, &c.keyed); err != nil {
			o.Fatal(err)
		}
		o.tables[table] = append(o.tables[table], c)
	}
	if err := rows.Err(); err != nil {
		o.Fatal(err)
	}
}

func (c column) value(n int) string {
	if c.text {
		return fmt.Sprintf("'v%d'", n)
	}
	return strconv.Itoa(n)
}

// write inserts a row into every table or updates it, with the columns that are known, all in one transaction.
func (o *oldRelease) write(ctx context.Context, n int) error {
	tx, err := o.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, table := range slices.Sorted(maps.Keys(o.tables)) {
		var names, values, keys, sets []string
		for _, c := range o.tables[table] {
			names, values = append(names, c.name), append(values, c.value(n))
			if c.keyed {
				keys = append(keys, c.name)
			} else {
				sets = append(sets, c.name+" = excluded."+c.name)
			}
		}
		query := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s) ON CONFLICT (%s) DO ", table, strings.Join(names, ", "), strings.Join(values, ", "), strings.Join(keys, ", "))
		if len(sets) == 0 {
			query += "NOTHING"
		} else {
			query += "UPDATE SET " + strings.Join(sets, ", ")
		}
		if _, err := tx.ExecContext(ctx, query); err != nil {
			return fmt.Errorf("%s: %w", query, err)
		}
	}
	return tx.Commit()
}

// reads checks that a row is in every table as it was written.
func (o *oldRelease) reads(n int) {
	o.Helper()
	for table, columns := range o.tables {
		var conditions []string
		for _, c := range columns {
			conditions = append(conditions, c.name+" = "+c.value(n))
		}
		found := 0
		query := "SELECT COUNT(*) FROM " + table + " WHERE " + strings.Join(conditions, " AND ")
		if err := o.db.QueryRowContext(o.Context(), query).Scan(&found); err != nil || found != 1 {
			o.Errorf("%s: %d rows, want 1 (%v)", query, found, err)
		}
	}
}

// migrateTo brings a database to the version of a migration.
func migrateTo(t *testing.T, address, file string) {
	t.Helper()
	number, _, _ := strings.Cut(filepath.Base(file), "_")
	version, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.MigrateTo(t.Context(), address, version); err != nil {
		t.Fatal(err)
	}
}

// What a release of each version writes can be written and read while the next version's migration runs, and after it. The test
// knows no query of that release: it writes all of its columns, by their names, and upserts by its primary keys. The last four
// migrations, or the last LEADSYNC_VERSIONS (`make mixed` takes all).
func TestMigrations_whileThePreviousReleaseWorks(t *testing.T) {
	check := func(t *testing.T, address, driver, raw string) {
		t.Helper()
		db, err := sql.Open(driver, raw)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		files, err := filepath.Glob("migrations/*.sql")
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(files)
		versions := 4
		if text := os.Getenv("LEADSYNC_VERSIONS"); text != "" {
			if versions, err = strconv.Atoi(text); err != nil {
				t.Fatal(err)
			}
		}
		first := max(0, len(files)-versions)
		if first > 0 {
			migrateTo(t, address, files[first-1])
		}
		for i, file := range files[first:] {
			old := &oldRelease{T: t, postgres: driver == "postgres", db: db}
			old.learn()
			if err := old.write(t.Context(), 10*i); err != nil {
				t.Fatal(err)
			}
			stop, writes, failed := make(chan struct{}), 0, make(chan error, 1)
			go func() {
				tick := time.NewTicker(5 * time.Millisecond) // SQLite's lock is not fair: a writer without a pause starves the others
				defer tick.Stop()
				for {
					if err := old.write(t.Context(), 10*i+1); err != nil {
						failed <- err
						return
					}
					writes++
					select {
					case <-stop:
						failed <- nil
						return
					case <-tick.C:
					}
				}
			}()
			migrateTo(t, address, file)
			close(stop)
			if err := <-failed; err != nil {
				t.Errorf("%s: the previous release fails while it runs: %v", file, err)
			}
			if err := old.write(t.Context(), 10*i+2); err != nil {
				t.Errorf("%s: the previous release fails after it: %v", file, err)
			}
			for n := range 3 {
				old.reads(10*i + n)
			}
			if t.Failed() {
				return
			}
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "old.db")
		check(t, path, "sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=busy_timeout(10000)&_pragma=synchronous(OFF)&_pragma=journal_mode(WAL)&_txlock=immediate")
	})
	if address := postgresAddress(t); address != "" {
		t.Run("postgres", func(t *testing.T) {
			address := schemaOf(t, address)
			check(t, address, "postgres", address)
		})
	}
}
