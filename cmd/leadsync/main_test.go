package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The test binary is the program too: called by this name it is leadsync and tests nothing. So the tests run
// the real process, under the race detector where the tests are, and nothing has to be built first.
const programName = "leadsync"

func TestMain(m *testing.M) {
	if strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") == programName {
		if dir := os.Getenv(listening); dir != "" {
			os.Exit(heardMain(dir))
		}
		main()
		return
	}
	os.Exit(listenTo(m))
}

// process is a running leadsync.
type process struct {
	cmd    *exec.Cmd
	stderr *lockedBuffer
	dead   chan struct{} // closed when it has ended
	err    error         // of Wait; read it only after dead
}

// launch starts the program in a folder, with more in its environment than the tests have.
func launch(t *testing.T, dir string, env []string, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.CommandContext(t.Context(), self), stderr: &lockedBuffer{}, dead: make(chan struct{})}
	p.cmd.Args = append([]string{programName}, args...)
	p.cmd.Dir, p.cmd.Stderr, p.cmd.Stdout = dir, p.stderr, p.stderr
	p.cmd.Env = append(os.Environ(), env...)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.dead)
	}()
	t.Cleanup(func() {
		p.kill()
		<-p.dead
		if t.Failed() {
			t.Logf("%s %s, process %d, said at the end:\n%s", programName, strings.Join(args, " "), p.cmd.Process.Pid, p.stderr.tail(4000))
		}
	})
	return p
}

// kill ends the process as the kernel does when memory is short: nothing deferred runs, nothing is flushed.
func (p *process) kill() { _ = p.cmd.Process.Kill() } // it may have ended by itself

func (p *process) alive() bool {
	select {
	case <-p.dead:
		return false
	default:
		return true
	}
}

// killed reports whether the process, which has ended, was ended by SIGKILL.
func (p *process) killed() bool {
	<-p.dead
	var exit *exec.ExitError
	if !errors.As(p.err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// stop asks the process to end and wants it to end well.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("stop %s: %v\n%s", programName, err, p.stderr.tail(4000))
	}
	select {
	case <-p.dead:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s did not stop within 20 s of SIGTERM:\n%s", programName, p.stderr.tail(4000))
	}
	if p.err != nil {
		t.Fatalf("%s stopped with %v:\n%s", programName, p.err, p.stderr.tail(4000))
	}
}

// sound fails the test if the process said something that no process may say, however it ended.
func (p *process) sound(t *testing.T) {
	t.Helper()
	for _, bad := range []string{"DATA RACE", "panic:", "fatal error:"} {
		if strings.Contains(p.stderr.String(), bad) {
			t.Errorf("process %d said %q:\n%s", p.cmd.Process.Pid, bad, p.stderr.tail(8000))
		}
	}
}

// lockedBuffer takes what several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *lockedBuffer) tail(n int) string {
	text := l.String()
	return text[max(0, len(text)-n):]
}

// eventually waits for a condition, looking often, and fails the test when the time is over.
func eventually(t *testing.T, within time.Duration, what func() string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatalf("not within %s: %s", within, what())
		case <-tick.C:
		}
	}
}
