// Package service wires receiver, sweeps, reconciler and pusher into one running service. `serve`, `demo` and
// the tests run the same wiring; only clocks, transports and observers differ.
//
// One Runner works one portal: it takes the lease, checks that the token belongs to the configured account,
// learns the account's stages, loads it once, and then works until the lease is lost or the context ends.
package service
