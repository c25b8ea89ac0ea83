package store

import (
	"strings"
	"sync"

	"github.com/jmoiron/sqlx"
)

// dialect is everything in which the two databases differ for the queries of this package.
type dialect struct {
	name    string // of the driver, as goose knows it
	bind    int    // sqlx bind type
	markers *strings.Replacer
	texts   *sync.Map // what text has made of each query; the queries are those of this package, so they are few
	// clock is the query for the operating time in microseconds; empty if the machine's clock is used.
	clock string
}

// sqliteDialect is made once: all stores of a process share its texts.
var sqliteDialect = sync.OnceValue(func() dialect { //nolint:gochecknoglobals // a function; what it gives never changes
	return dialect{
		name:  "sqlite3",
		bind:  sqlx.QUESTION,
		texts: &sync.Map{},
		// A write transaction of SQLite is alone from its first statement (_txlock=immediate).
		markers: strings.NewReplacer("{rows}", "json_each(?) AS j", "{share}", "", "{key}", "", "{update}", "", "{update d}", "", "{update u}", "",
			"{skip}", ""),
	}
})

// postgresDialect is made once too.
var postgresDialect = sync.OnceValue(func() dialect { //nolint:gochecknoglobals // as above
	return dialect{
		name:  "postgres",
		bind:  sqlx.DOLLAR,
		texts: &sync.Map{},
		markers: strings.NewReplacer("{rows}", "jsonb_array_elements(CAST(? AS jsonb)) AS j(value)",
			"{share}", "FOR SHARE", "{key}", "FOR KEY SHARE", "{update}", "FOR UPDATE", "{update d}", "FOR UPDATE OF d",
			"{update u}", "FOR UPDATE OF u",
			"{skip}", "FOR NO KEY UPDATE SKIP LOCKED"),
		clock: "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
	}
})

// text turns a query of this package into the database's own.
func (d dialect) text(query string) string {
	if text, ok := d.texts.Load(query); ok {
		return text.(string) //nolint:forcetypeassert // nothing else is stored below
	}
	text := sqlx.Rebind(d.bind, d.markers.Replace(query))
	d.texts.Store(query, text)
	return text
}
