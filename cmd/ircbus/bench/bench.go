package bench

// Commands are the subcommands of ircbus bench.
type Commands struct {
	Fanout   Fanout   `cmd:"" help:"Few publish, many read: deliveries a second, latency, the server's processor time."`
	Idle     Idle     `cmd:"" help:"What connections cost that do nothing."`
	Publish  Publish  `cmd:"" help:"How fast events are taken, which is when they are on disk."`
	Backfill Backfill `cmd:"" help:"How fast old events are given over HTTP."`
	Storm    Storm    `cmd:"" help:"How fast many come in at once, and back after a restart."`
	Slow     Slow     `cmd:"" help:"What stalled readers cost the others and the server."`
	Plot     Plot     `cmd:"" help:"Draw what the other commands have measured."`
}
