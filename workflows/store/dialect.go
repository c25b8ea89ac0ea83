package store

import (
	"strings"

	"github.com/jmoiron/sqlx"
)

// dialect is everything in which the two databases differ for the queries of this package.
type dialect struct {
	name    string // of the driver, as goose knows it
	bind    int    // sqlx bind type
	markers *strings.Replacer
	// clock is the query for the operating time in microseconds; empty if the machine's clock is used.
	clock string
}

func sqliteDialect() dialect {
	return dialect{
		name: "sqlite3",
		bind: sqlx.QUESTION,
		// A write transaction of SQLite is alone from its first statement (_txlock=immediate).
		markers: strings.NewReplacer("{rows}", "json_each(?) AS j", "{share}", "", "{key}", "", "{update}", "", "{update d}", "", "{update u}", "",
			"{skip}", ""),
	}
}

func postgresDialect() dialect {
	return dialect{
		name: "postgres",
		bind: sqlx.DOLLAR,
		markers: strings.NewReplacer("{rows}", "jsonb_array_elements(CAST(? AS jsonb)) AS j(value)",
			"{share}", "FOR SHARE", "{key}", "FOR KEY SHARE", "{update}", "FOR UPDATE", "{update d}", "FOR UPDATE OF d",
			"{update u}", "FOR UPDATE OF u",
			"{skip}", "FOR NO KEY UPDATE SKIP LOCKED"),
		clock: "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
	}
}

// text turns a query of this package into the database's own.
func (d dialect) text(query string) string {
	return sqlx.Rebind(d.bind, d.markers.Replace(query))
}
