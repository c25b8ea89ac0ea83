// Package config reads the installation's file: where the database is, which portals there are, how often
// to look, how much to do, and which effects may be written.
//
// The file is strict. Every mistake is found in one go, and each is told as
//
//	file:line:column: key: problem; what to do
//
// so that an editor jumps to it. Secrets never stand in the file: a key ending in _env names an environment
// variable, one ending in _file a file. A secret that was written into the file all the same is refused and
// never repeated in a message. Anchors and aliases are refused, because the position of a mistake in shared
// text would be the wrong one for all but one of its users.
//
// Defaults live in this package, in Default and DefaultPortal; a file holds only what differs. A map with
// defaults (stages, statuses, dispositions, pipelines) is completed entry by entry; an empty value takes a
// default away. Every path in the file is relative to the folder of the file.
package config
