package bench

// Commands are the subcommands of ircbus bench.
type Commands struct {
	Fanout Fanout `cmd:"" help:"Few publish, many read: deliveries a second, latency, the server's processor time."`
}
