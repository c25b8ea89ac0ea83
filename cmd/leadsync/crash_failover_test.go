package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// `serve` outlives a failover: the primary is stopped at once while the service works, its synchronous standby is made
// the primary, and the address leads there, as that of a managed PostgreSQL does. Everything acknowledged before is on
// the new primary, nothing is done twice. LEADSYNC_FAILOVERS says how often (1 unless it says more), each time with a new
// standby.
func TestServe_killedPrimary(t *testing.T) {
	t.Parallel()
	primary := newCluster(t)
	if primary == nil {
		return // no PostgreSQL here; where it is required newCluster has failed
	}
	failovers := numberFrom(t, "LEADSYNC_FAILOVERS", 1)
	points := newPointer(t, primary.port)
	s := newSiege(t, siegeOptions{
		database: strings.Replace(primary.address, ":"+primary.port+"/", ":"+points.port+"/", 1) + "&" + impatient,
		contacts: numberFrom(t, "LEADSYNC_CRASH_CONTACTS", 60),
	})
	s.recover()
	for n := range failovers {
		began := time.Now()
		standby := primary.standby()
		s.wait(s.serve)
		s.act()
		s.pass(s.rng.IntN(400))
		primary.stop()
		s.acks.gone(true)
		s.refuses()
		s.pass([]int{300, 8000, 0, 2500}[n%4])
		standby.promote()
		s.acks.gone(false)
		points.lead(standby.port)
		first := s.comesBack(time.Now(), returns)
		s.unsure() // a page may have been read that could not be stored
		s.rest()
		report := s.audit()
		t.Logf("failover %d: first commits after %s; %s; %d deeds so far, %d tasks, %d deals, %d findings", n+1,
			first.Round(time.Millisecond), time.Since(began).Round(time.Millisecond), s.deeds, report.Tasks, report.Deals, len(report.Findings))
		if t.Failed() {
			return
		}
		primary = standby
	}
	s.serve.stop(t)
	s.serve.sound(t)
	if s.deeds == 0 {
		t.Error("nobody did anything, so nothing was proven")
	}
	t.Logf("deliveries acknowledged: %d, refused with 503: %d", len(s.acks.stored), s.acks.refused())
}

// standby makes a second server that follows this one, and lets no transaction end here that is not there too.
func (c *cluster) standby() *cluster {
	c.Helper()
	dir, err := os.MkdirTemp("", "leadsync-pg")
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() { _ = os.RemoveAll(dir) })
	if c.owner != nil {
		if err := os.Chown(dir, int(c.owner.Uid), int(c.owner.Gid)); err != nil {
			c.Fatal(err)
		}
	}
	other := &cluster{T: c.T, programs: c.programs, dir: dir, owner: c.owner}
	copying := c.command("pg_basebackup", "-D", filepath.Join(dir, "db"), "-h", "127.0.0.1", "-p", c.port, "-U", "leadsync", "-R", "-X", "stream", "--no-sync", "--checkpoint=fast")
	if out, err := copying.CombinedOutput(); err != nil {
		c.Fatalf("copy the cluster: %v\n%s", err, out)
	}
	address := quietAddress(c.T)
	if _, other.port, err = net.SplitHostPort(address); err != nil {
		c.Fatal(err)
	}
	other.address = "postgres://leadsync@" + address + "/postgres?sslmode=disable"
	c.Cleanup(func() { other.stop() })
	other.start()

	db := c.open()
	defer func() { _ = db.Close() }()
	for _, statement := range []string{"ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"} {
		if _, err := db.ExecContext(c.Context(), statement); err != nil {
			c.Fatal(err)
		}
	}
	state := "no standby"
	eventually(c.T, time.Minute, func() string { return "the standby is " + state + ": " + other.log() }, func() bool {
		err := db.QueryRowContext(c.Context(), "SELECT COALESCE(MIN(sync_state), 'away') FROM pg_stat_replication").Scan(&state)
		return err == nil && state == "sync"
	})
	return other
}

// promote makes a standby a primary that waits for nobody.
func (c *cluster) promote() {
	c.Helper()
	db := c.open()
	defer func() { _ = db.Close() }()
	var promoted bool
	if err := db.QueryRowContext(c.Context(), "SELECT pg_promote(true, 30)").Scan(&promoted); err != nil || !promoted {
		c.Fatalf("promote the standby: %t, %v\n%s", promoted, err, c.log())
	}
	for _, statement := range []string{"ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()"} {
		if _, err := db.ExecContext(c.Context(), statement); err != nil {
			c.Fatal(err)
		}
	}
}

// pointer is an address that leads to the present primary. Whoever is on it when that changes is cut off.
type pointer struct {
	port string

	mu    sync.Mutex
	to    string // a port
	conns map[net.Conn]bool
}

func newPointer(t *testing.T, to string) *pointer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &pointer{to: to, conns: map[net.Conn]bool{}}
	if _, p.port, err = net.SplitHostPort(listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return // closed
			}
			all.Go(func() { p.connect(c) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		p.lead(to)
		all.Wait()
	})
	return p
}

// connect carries what a client and the primary say to each other until one of them ends it.
func (p *pointer) connect(client net.Conn) {
	p.mu.Lock()
	server, err := net.Dial("tcp", "127.0.0.1:"+p.to)
	if err != nil {
		p.mu.Unlock()
		_ = client.Close()
		return
	}
	p.conns[client], p.conns[server] = true, true
	p.mu.Unlock()
	var both sync.WaitGroup
	carry := func(to, from net.Conn) {
		_, _ = io.Copy(to, from) // cut off
		_ = errors.Join(to.Close(), from.Close())
	}
	both.Go(func() { carry(server, client) })
	both.Go(func() { carry(client, server) })
	both.Wait()
	p.mu.Lock()
	delete(p.conns, client)
	delete(p.conns, server)
	p.mu.Unlock()
}

// lead changes where the address leads.
func (p *pointer) lead(to string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to = to
	for c := range p.conns {
		_ = c.Close()
	}
}

// The address leads to one server, and then to the other.
func TestPointer(t *testing.T) {
	greet := func(text string) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				fmt.Fprint(c, text)
			}
		}()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		return port
	}
	first, second := greet("first "), greet("second")
	p := newPointer(t, first)
	read := func() (net.Conn, string) {
		c, err := net.Dial("tcp", "127.0.0.1:"+p.port)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		b := make([]byte, 6)
		_, _ = io.ReadFull(c, b)
		return c, string(b)
	}
	c, text := read()
	if text != "first " {
		t.Errorf("read %q", text)
	}
	p.lead(second)
	if n, err := c.Read(make([]byte, 1)); err == nil {
		t.Errorf("still connected: %d bytes", n)
	}
	if _, text := read(); text != "second" {
		t.Errorf("read %q", text)
	}
}
