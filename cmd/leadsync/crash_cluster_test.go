package main

import (
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// cluster is a PostgreSQL server of the test's own, as durable as one in production: fsync is on.
type cluster struct {
	*testing.T
	programs string              // folder of the server's programs
	dir      string              // its files
	owner    *syscall.Credential // whose they are; nil: ours
	address  string              // URL of its database
	port     string
	server   *exec.Cmd
	dead     chan struct{} // closed when the server has ended
}

// postgresPrograms finds the newest PostgreSQL server on this machine, or the one that the environment names. Where
// PostgreSQL is required its absence is a failure, elsewhere the answer is empty.
func postgresPrograms(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("LEADSYNC_TEST_POSTGRES_BIN"); dir != "" {
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
			t.Fatalf("LEADSYNC_TEST_POSTGRES_BIN: %v", err)
		}
		return dir
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) > 0 {
		return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return release(a) - release(b) }))
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	if os.Getenv("LEADSYNC_REQUIRE_POSTGRES") != "" || ownPostgres() {
		t.Fatal("PostgreSQL is required, but its server programs are not found: name their folder with LEADSYNC_TEST_POSTGRES_BIN")
	}
	return ""
}

// ownPostgres reports whether the tests bring a server of their own where the environment names none.
func ownPostgres() bool { return os.Getenv("LEADSYNC_OWN_POSTGRES") != "" }

// postgresSchema is the address of a schema of the test's own, on the server that the environment names or else, if it
// says so, on one of the test's; empty if there is none.
func postgresSchema(t *testing.T) string {
	t.Helper()
	if address := os.Getenv("LEADSYNC_TEST_POSTGRES"); address != "" {
		return schemaOn(t, address)
	}
	if ownPostgres() {
		return newCluster(t).inSchema("")
	}
	if os.Getenv("LEADSYNC_REQUIRE_POSTGRES") != "" {
		t.Fatal("LEADSYNC_REQUIRE_POSTGRES is set, but LEADSYNC_TEST_POSTGRES names no server")
	}
	return ""
}

// release is the version in a path such as /usr/lib/postgresql/15/bin/initdb.
func release(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path)))) // 0 if it is none
	return n
}

// newCluster makes a cluster and starts it; nil if this machine has no PostgreSQL.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	programs := postgresPrograms(t)
	if programs == "" {
		return nil
	}
	dir, err := os.MkdirTemp("", "leadsync-pg") //nolint:usetesting // short, and open to the user of the server
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	c := &cluster{T: t, programs: programs, dir: dir}
	if os.Getuid() == 0 { // PostgreSQL refuses to run as root
		c.owner = unprivileged(t)
		if err := os.Chown(dir, int(c.owner.Uid), int(c.owner.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	initdb := c.command("initdb", "-D", filepath.Join(dir, "db"), "-U", "leadsync", "-E", "UTF8", "--locale=C", "--auth=trust", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("make a cluster: %v\n%s", err, out)
	}
	address := quietAddress(t)
	if _, c.port, err = net.SplitHostPort(address); err != nil {
		t.Fatal(err)
	}
	c.address = "postgres://leadsync@" + address + "/postgres?sslmode=disable"
	t.Cleanup(func() { c.stop() })
	c.start()
	return c
}

// unprivileged is a user that is not root and may own a cluster.
func unprivileged(t *testing.T) *syscall.Credential {
	t.Helper()
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	t.Fatal("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
	return nil
}

func (c *cluster) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(c.programs, program), args...)
	cmd.Dir, cmd.Env = c.dir, []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner}
	return cmd
}

// start starts the server and waits until it takes connections.
func (c *cluster) start() {
	c.Helper()
	log, err := os.OpenFile(filepath.Join(c.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		c.Fatal(err)
	}
	defer func() { _ = log.Close() }() // the server has its own
	c.server = c.command("postgres", "-D", filepath.Join(c.dir, "db"),
		"-c", "listen_addresses=127.0.0.1", "-c", "port="+c.port, "-c", "unix_socket_directories=",
		"-c", "fsync=on", "-c", "full_page_writes=on", "-c", "synchronous_commit=on", "-c", "shared_buffers=32MB")
	c.server.Stdout, c.server.Stderr = log, log
	if err := c.server.Start(); err != nil {
		c.Fatal(err)
	}
	dead := make(chan struct{})
	server := c.server
	c.dead = dead
	go func() {
		_ = server.Wait() // it is always killed
		close(dead)
	}()
	db := c.open()
	defer func() { _ = db.Close() }()
	eventually(c.T, time.Minute, func() string { return "PostgreSQL does not start: " + c.log() }, func() bool {
		select {
		case <-dead:
			c.Fatalf("PostgreSQL ended: %s", c.log())
		default:
		}
		return db.PingContext(c.Context()) == nil
	})
}

// stop ends the server as `pg_ctl stop -m immediate` does: nothing is written any more, and the next start recovers
// from the log of what was committed.
func (c *cluster) stop() {
	if c.server == nil {
		return
	}
	_ = c.server.Process.Signal(syscall.SIGQUIT) // it may have ended by itself
	select {
	case <-c.dead:
	case <-time.After(30 * time.Second):
		_ = c.server.Process.Kill()
		<-c.dead
		c.Errorf("PostgreSQL did not stop within 30 s of SIGQUIT")
	}
	c.server = nil
}

func (c *cluster) open() *sql.DB {
	c.Helper()
	db, err := sql.Open("postgres", c.address+"&connect_timeout=5")
	if err != nil {
		c.Fatal(err)
	}
	return db
}

func (c *cluster) log() string {
	text, err := os.ReadFile(filepath.Join(c.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-30000):])
}

// The cluster of the crash tests keeps what was committed when it is stopped at once, and says that it is durable.
func TestCluster_immediateStop(t *testing.T) {
	c := newCluster(t)
	if c == nil {
		return // no PostgreSQL here
	}
	db := c.open()
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE kept (n INTEGER)"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "INSERT INTO kept VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	c.stop()
	if err := db.PingContext(t.Context()); err == nil {
		t.Fatal("it answers after the stop")
	}
	c.start()
	var n int
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM kept").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows of 1 after the stop: %v", n, err)
	}
	for _, setting := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		var value string
		if err := db.QueryRowContext(t.Context(), "SHOW "+setting).Scan(&value); err != nil || value != "on" {
			t.Errorf("%s is %q: %v", setting, value, err)
		}
	}
	if text := c.log(); !strings.Contains(text, "was not properly shut down") {
		t.Errorf("the second start recovered nothing: %s", text)
	}
}

// inSchema is the address of a schema on the cluster, as schemaOn makes one.
func (c *cluster) inSchema(settings string) string {
	c.Helper()
	return schemaOn(c.T, c.address+fmt.Sprintf("&%s", settings))
}
