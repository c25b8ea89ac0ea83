// Command leadsync connects to a CRM, scores its leads by a model kept in a file, and pushes stage, lead
// status, score, tasks and deals back. See README.md; `leadsync help` lists the commands.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // time zones for machines and images that have none
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, environment{
		args: os.Args[1:], stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		getenv: os.Getenv, readFile: os.ReadFile, now: time.Now,
	})
	stop()
	os.Exit(code)
}
