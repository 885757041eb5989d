package main

import "github.com/ircbus/ircbus/cmd/ircbus/bus"

// backupCmd copies a bus, running or not.
type backupCmd struct {
	File string `arg:"" help:"The tar file to write; it must not exist."`
}

// Help says how to restore.
func (*backupCmd) Help() string {
	return `The file holds events, accounts, descriptions, bans, and up to where the doors had come. To restore it, unpack it into an empty directory and run the bus on that:

  mkdir DIR && tar -xf FILE -C DIR && ircbus --data DIR serve

The restored bus has a new epoch: followers learn that it is not the one they knew, as it may give out ids again that the old one gave out after the backup.`
}

// Run writes the backup.
func (c *backupCmd) Run(g *globals) error {
	return bus.Backup(g.ctx, g.Data, c.File)
}
