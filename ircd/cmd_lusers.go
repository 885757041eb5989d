package ircd

import (
	"fmt"

	"github.com/ergochat/irc-go/ircmsg"
)

// cmdLusers says how many are here (modern.ircdocs.horse/#lusers-message).
func (c *client) cmdLusers(msg *ircmsg.Message) error {
	if err := c.checkServer(msg.Params, 1); err != nil {
		return err
	}
	c.lusers()
	return nil
}

func (c *client) lusers() {
	s := c.srv
	n, most := s.census.people, s.census.most
	c.reply("251", fmt.Sprintf("There are %d users and %d invisible on 1 servers", n-s.census.invisible, s.census.invisible))
	c.reply("252", itoa(s.census.operators), "operators online")
	c.reply("253", itoa(s.registering.Len()), "unknown connections")
	c.reply("254", itoa(len(s.feeds)+len(s.channels)), "channels")
	c.reply("255", fmt.Sprintf("I have %d clients and 0 servers", n))
	c.reply("265", itoa(n), itoa(most), fmt.Sprintf("Current local users %d, max %d", n, most))
	c.reply("266", itoa(n), itoa(most), fmt.Sprintf("Current global users %d, max %d", n, most))
}
