package ircd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ergochat/irc-go/ircmsg"
	"github.com/ircbus/ircbus"
)

// cmdKLine bans from the server and ends the connections that the ban meets:
// KLINE [minutes] mask [reason]. The ban is on disk before it is in force,
// without the server's lock.
func (c *client) cmdKLine(msg *ircmsg.Message) error {
	k, err := c.newKLine(msg.Params)
	if err != nil {
		return err
	}
	s := c.srv
	s.banning.Lock()
	defer s.banning.Unlock()
	kept := s.keptKLines(k.Mask)
	if len(kept) >= maxKLines {
		return numeric("400", "KLINE", "There are "+itoa(maxKLines)+" bans, the limit: take some away with UNKLINE")
	}
	if err := s.setKLines(append(kept, k)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.log().Info("a ban from the server", "mask", k.Mask, "by", c.nick, "until", k.Expires, "reason", k.Reason)
	s.tellOperators(c, c.nick+" banned "+k.Mask+k.until()+": "+k.Reason)
	for other := range s.clients {
		if other.registered && !other.isOperator() && k.meets(other, k.Set) {
			other.enforce(&k)
		}
	}
	return nil
}

// newKLine reads the parameters of KLINE.
func (c *client) newKLine(params []string) (kline, error) {
	s := c.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := c.mustOperate(); err != nil {
		return kline{}, err
	}
	now := time.Now().Truncate(time.Second)
	var expires time.Time
	if minutes, err := strconv.ParseUint(params[0], 10, 32); err == nil {
		if after := time.Duration(minutes) * time.Minute; minutes > 0 && after < maxKLineTime {
			expires = now.Add(after)
		}
		params = params[1:]
	}
	if len(params) == 0 {
		return kline{}, errNeedMoreParams("KLINE")
	}
	k, err := parseKLine(params[0])
	switch {
	case err != nil:
		return k, numeric("400", "KLINE", err.Error())
	case k.account != "" && (k.account == foldNick(c.account) || k.account == foldNick(c.operator)):
		return k, numeric("400", "KLINE", "This is your own account")
	}
	k.By, k.Set, k.Expires = c.nick, now, expires
	k.Reason = strings.Join(params[1:], " ")
	if err := limited("The reason", k.Reason, maxReasonLen); err != nil {
		return k, err
	}
	if k.Reason == "" {
		k.Reason = "No reason given"
	}
	return k, nil
}

// until says when the ban ends.
func (k *kline) until() string {
	if k.Expires.IsZero() {
		return ""
	}
	return fmt.Sprintf(" for %v minutes", int(k.Expires.Sub(k.Set).Minutes()))
}

// cmdUnkline ends a ban from the server.
func (c *client) cmdUnkline(msg *ircmsg.Message) error {
	s := c.srv
	s.mu.Lock()
	err := c.mustOperate()
	s.mu.Unlock()
	if err != nil {
		return err
	}
	k, err := parseKLine(msg.Params[0])
	if err != nil {
		return numeric("400", "UNKLINE", err.Error())
	}
	s.banning.Lock()
	defer s.banning.Unlock()
	s.mu.Lock()
	known := slices.ContainsFunc(s.klines, func(other kline) bool { return sameMask(other.Mask, k.Mask) })
	s.mu.Unlock()
	if !known {
		return numeric("400", "UNKLINE", "There is no ban of "+k.Mask+": STATS k lists them")
	}
	if err := s.setKLines(s.keptKLines(k.Mask)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.log().Info("the end of a ban from the server", "mask", k.Mask, "by", c.nick)
	s.tellOperators(c, c.nick+" ended the ban of "+k.Mask)
	return nil
}

func sameMask(a, b string) bool { return ircbus.Fold(a) == ircbus.Fold(b) }

// keptKLines returns the bans that have not come to their end, but for one.
func (s *Server) keptKLines(but string) []kline {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	return slices.DeleteFunc(slices.Clone(s.klines), func(k kline) bool {
		return k.expired(now) || sameMask(k.Mask, but)
	})
}

// setKLines saves the bans and puts them in force. Server.banning is held, so
// that nothing changes in between, and Server.mu is not.
func (s *Server) setKLines(klines []kline) error {
	if s.cfg.SaveKLines != nil {
		saved := make([]KLine, len(klines))
		for i, k := range klines {
			saved[i] = k.KLine
		}
		if err := s.cfg.SaveKLines(saved); err != nil {
			return fmt.Errorf("saving the bans: %w", err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.klines = klines
	return nil
}

// statsKLines lists the bans from the server for STATS k.
func (c *client) statsKLines() {
	now := time.Now()
	for _, k := range c.srv.klines {
		if k.expired(now) {
			continue
		}
		host, user := k.host, k.user
		if k.account != "" {
			host, user = k.Mask, "*"
		}
		text := k.Reason + " (" + k.By + ", " + k.Set.UTC().Format(time.DateOnly)
		if !k.Expires.IsZero() {
			text += ", until " + k.Expires.UTC().Format(time.RFC3339)
		}
		c.reply("216", "K", host, "*", user, text+")")
	}
}
