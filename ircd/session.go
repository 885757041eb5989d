package ircd

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/ergochat/irc-go/ircmsg"

	"github.com/ircbus/ircbus"
)

// serve begins the read loop, unless the connection is refused.
func (c *client) serve(refused string) {
	if refused != "" {
		c.conn.net.SetReadDeadline(time.Now().Add(hurried)) // for a TLS handshake
		c.leave(refused)
		return
	}
	c.read(c.conn.handshake(c.srv.stop, c.srv.cfg.Limits.Registration))
}

// read is the read loop, after what has happened so far. It lives as long as the
// connection, but for the times in which that is parked.
func (c *client) read(err error) {
	if err == nil && c.conn.in == nil {
		c.conn.in = &lineReader{src: c.conn.net}
	}
	for err == nil {
		err = c.step()
	}
	if err == errParked { // and so no longer ours
		return
	}
	c.conn.endTurn()
	c.publish() // what came before the end was meant to be stored
	c.leave(farewell(err))
}

// resume begins the read loop again after the connection was parked, until it was
// due or something came.
func (c *client) resume(isDue bool) {
	var err error
	if isDue {
		_, err = c.silence()
	}
	c.read(err)
}

// leave is the last that happens to a connection.
func (c *client) leave(reason string) {
	c.quit(reason)
	c.conn.close()
	c.srv.forget(c)
}

// errQuit ends the read loop with a reason for others.
type errQuit string

func (e errQuit) Error() string { return string(e) }

func farewell(err error) string {
	var quit errQuit
	switch {
	case errors.As(err, &quit):
		return string(quit)
	case errors.Is(err, io.EOF):
		return "Connection closed"
	case errors.Is(err, errEndless):
		return fmt.Sprintf("A line had no end after %d bytes", maxSkipped)
	case errors.Is(err, errEnded):
		return "Connection ended by the server"
	}
	return "Connection failed"
}

// step reads one line and does what it says.
func (c *client) step() error {
	switch {
	case len(c.pending) == 0:
	case len(c.pending) >= c.srv.cfg.Limits.Batch:
		c.takeOff()
	case c.conn.in.buffered():
	case c.conn.in.full:
		c.takeOff()
	default:
		c.publish()
	}
	if !c.conn.in.buffered() {
		c.conn.endTurn()
	}
	line, err := c.conn.readLine(c.deadline(), c.silence)
	if err != nil && !errors.Is(err, errTooLong) {
		return err
	}
	if err := c.screen(line, err); err != nil {
		return err
	}
	c.heard(time.Now())
	if err := c.throttle(min(1+c.conn.in.size/maxLine, maxCost)); err != nil {
		return err
	}
	if err != nil {
		c.publish()
		c.refuse(&ircmsg.Message{}, errInputTooLong)
		return nil
	}
	return c.handle(string(line))
}

// screen ends a connection that begins with a request of HTTP: what follows is what
// a web page lets the browser of its reader say. tooLong is why the line could not
// be read, or nil.
func (c *client) screen(line []byte, tooLong error) error {
	if c.registered { // only the read loop changes it
		return nil
	}
	if tooLong == nil && !fromPage(line) || tooLong != nil && !c.conn.in.http {
		return nil
	}
	c.srv.refuse(ircbus.Refuse(ircbus.InvalidEvent, "a request of HTTP, or TLS"))
	return errQuit("This is IRC, not HTTP, nor TLS on this port")
}

// fromPage is ircbus.FromPage for a whole line without its end.
func fromPage(line []byte) bool {
	is, maybe := ircbus.FromPage(line)
	return is || maybe && ircbus.IsHTTPLine(line)
}

func (c *client) deadline() time.Time {
	if !c.registered { // only the read loop changes it
		return c.mustEnter
	}
	limits, now := c.srv.cfg.Limits, time.Now()
	if c.mayPark() {
		return now.Add(min(limits.park, limits.Ping))
	}
	deadline := now.Add(limits.Ping)
	if b := c.batch; b != nil && !b.failed && b.until.Before(deadline) {
		return b.until
	}
	return deadline
}

// mayPark reports whether nothing is lost if the connection is parked.
func (c *client) mayPark() bool { return c.conn.fd >= 0 && c.batch == nil }

// heard notes that the client has said something. It is asked whether it is
// still there a little earlier than after Limits.Ping, each at another time: those
// that came together are not asked together.
func (c *client) heard(now time.Time) {
	ping := c.srv.cfg.Limits.Ping
	c.pinged, c.due = false, now.Add(ping-rand.N(ping/4+1))
}

// silence is called when nothing came until the deadline, or until a parked
// connection is due.
func (c *client) silence() (time.Time, error) {
	limits, now := c.srv.cfg.Limits, time.Now()
	switch {
	case !c.registered:
		return c.waitForNick(now)
	case c.batch != nil && !c.batch.failed && time.Until(c.batch.until) <= 0:
		c.failBatch(errBatch("TIMEOUT", fmt.Sprintf("The batch was open for longer than %v", limits.BatchOpen), c.batch.ref))
		return c.deadline(), nil
	case now.Before(c.due): // it is time to park
	case c.pinged:
		return time.Time{}, errQuit(fmt.Sprintf("Ping timeout: no answer for %v", limits.Ping))
	default:
		c.pinged, c.due = true, now.Add(limits.Ping)
		c.conn.queue([]byte("PING :" + c.srv.cfg.Name + "\r\n"))
	}
	if c.mayPark() && c.conn.hub.parking.park(c) {
		return time.Time{}, errParked
	}
	return c.due, nil
}

// waitForNick gives a client whose nick was refused more time, as long as it
// answers us: somebody is at its prompt.
func (c *client) waitForNick(now time.Time) (time.Time, error) {
	limits := c.srv.cfg.Limits
	last := c.begun.Add(max(limits.choice, limits.Registration))
	if !c.nickRefused || c.pinged || !now.Before(last) {
		return time.Time{}, errQuit(fmt.Sprintf("Registration took longer than %v", c.mustEnter.Sub(c.begun)))
	}
	c.pinged, c.mustEnter = true, now.Add(limits.Registration)
	if c.mustEnter.After(last) {
		c.mustEnter = last
	}
	c.conn.queue([]byte("PING :" + c.srv.cfg.Name + "\r\n"))
	return c.mustEnter, nil
}

// maxCost is for how many lines the longest counts for the limit on lines.
const maxCost = 20

// gulp is how long lines that come too fast wait, so that several are taken, and
// answered, together.
const gulp = 500 * time.Millisecond

// throttle makes people's lines wait their turn; publishers' do not. A line counts
// as so many. Who never pauses is ended, so that nobody stays here as long as
// takes what was sent before leaving.
func (c *client) throttle(lines int) error {
	if c.exempt.Load() {
		return nil
	}
	now := time.Now()
	wait := c.limiter.ReserveN(now, min(lines, c.limiter.Burst())).Delay()
	c.conn.noteHaste(now, c.limiter)
	if wait <= 0 {
		c.fastSince = time.Time{}
		return nil
	}
	limits := c.srv.cfg.Limits
	if c.fastSince.IsZero() {
		c.fastSince = time.Now()
	} else if time.Since(c.fastSince) > limits.Flood {
		return errQuit(fmt.Sprintf("Excess flood: more than %v lines a second for %v", limits.Lines, limits.Flood))
	}
	if !c.slowed {
		c.slowed = true
		c.lock()
		c.notice(fmt.Sprintf("You send more than %v lines a second: what is more waits", limits.Lines))
		c.unlock()
	}
	if wait < gulp {
		return nil
	}
	c.conn.endTurn()
	select {
	case <-time.After(wait):
		return nil
	case <-c.srv.stop.Done():
		return errEnded
	}
}

// charge makes the next lines wait longer after a command that has cost as much as
// so many.
func (c *client) charge(lines int) {
	if !c.exempt.Load() {
		c.limiter.ReserveN(time.Now(), min(lines, c.limiter.Burst()))
	}
}

// lookedAt is what it costs to look at so many people or channels.
func lookedAt(n int) (lines int) { return n / 100 }

// quit takes the client out of everything and orders the last line.
func (c *client) quit(reason string) {
	s := c.srv
	c.lock()
	defer c.unlock()
	if c.conn.isCut() {
		reason = "Too slow"
		s.stats.slow.Add(1)
		c.log().Warn("a reader was too slow and has been cut off", "nick", c.nick)
	}
	if c.ending != "" {
		reason = c.ending
	}
	c.unmonitorAll()
	c.stopPaced()
	c.stopOffer()
	for _, v := range c.views.all() {
		c.unview(v)
	}
	if c.registered {
		for _, m := range c.channels.all() {
			c.noteSeenChannel(m.channel)
		}
		s.registered--
		s.stats.registered.Add(-1)
		if len(c.clients) == 1 {
			c.announceQuit(reason)
		}
		c.detach()
	}
	c.leaveRegistering()
	c.conn.finish("ERROR :" + strings.ToValidUTF8(reason, "?"))
}

// leaveRegistering takes a connection off those that have yet to register.
func (c *client) leaveRegistering() {
	if c.registering != nil {
		c.srv.registering.Remove(c.registering)
		c.registering = nil
	}
}

// end closes the connection from our side; others see the reason in its QUIT.
func (c *client) end(reason string) {
	if c.ending == "" {
		c.ending = reason
	}
	c.conn.finish("ERROR :Closing Link: " + c.host + " (" + reason + ")")
}
