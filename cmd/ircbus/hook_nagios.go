package main

import (
	"os"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/nagios"
)

// hookNagiosCmd publishes a notification of Nagios or Icinga.
type hookNagiosCmd struct {
	hookFlags
	Macros []string `arg:"" optional:"" name:"NAME=VALUE" help:"Macros that are not in the environment, as in HOSTNAME='$HOSTNAME$'."`
}

// Run makes an event of the call and publishes it, or leaves it in the spool.
func (c *hookNagiosCmd) Run(g *globals) error {
	macros, err := nagios.Read(os.Environ(), c.Macros)
	if err != nil {
		return err
	}
	fields, err := macros.Fields(0)
	if err != nil {
		return err
	}
	return c.publish(g, []ircbus.Fields{fields})
}
