package bench

// chart is one question of ircbus bench plot: one figure over several cases.
type chart struct {
	name   string // of its file
	title  string
	note   string
	figure string
	unit   string
	cases  []aCase
}

// aCase is one kind of run: a command whose parameters are these.
type aCase struct {
	label   string
	flags   string // of ircbus bench, which repeat it
	command string
	with    map[string]any
	figure  string // if not the chart's
}

// plain are the parameters of a fan-out without anything special.
func plain(other ...any) map[string]any {
	p := map[string]any{"members": 1000, "publishers": 1, "rate": 0, "tls": false, "filters": 0, "tags": "none"}
	for i := 0; i+1 < len(other); i += 2 {
		p[other[i].(string)] = other[i+1]
	}
	return p
}

func flatOut(label, flags string, other ...any) aCase {
	return aCase{label: label, flags: "fanout" + flags, command: "fanout", with: plain(other...)}
}

var (
	onePublisher  = flatOut("1 publisher", "")
	tenPublishers = flatOut("10 publishers", " --publishers 10", "publishers", 10)
	paced         = flatOut("50 lines a second", " --rate 50", "rate", 50)
)

func published(label, flags string, with map[string]any) aCase {
	return aCase{label: label, flags: "publish" + flags, command: "publish", with: with}
}

var publishKinds = []aCase{
	published("pipelined", "", map[string]any{"over": "irc", "publishers": 1, "in_flight": 1000, "rate": 0}),
	published("100 publishers", " --publishers 100 --in-flight 100", map[string]any{"over": "irc", "publishers": 100, "rate": 0}),
	published("HTTP, batches of 1,000", " --over http", map[string]any{"over": "http", "rate": 0}),
	published("one at a time", " --in-flight 1", map[string]any{"over": "irc", "publishers": 1, "in_flight": 1, "rate": 0}),
}

func formatCase(format string) aCase {
	return aCase{label: format, flags: "backfill --fill 1000000", command: "backfill", figure: format + "_per_s"}
}

func firstByte(name, label string) aCase {
	return aCase{label: label, flags: "backfill --fill 1000000", command: "backfill", figure: "first_byte_" + name + "_p50_ms"}
}

// charts are the questions, in the order of docs/performance.md.
var charts = []chart{
	{name: "fanout", title: "Deliveries a second, flat out", note: "one channel, 1,000 members, lines of 300 bytes; more is better",
		figure: "deliveries_per_s", unit: "/s", cases: []aCase{onePublisher, tenPublishers}},
	{name: "cpu", title: "The server's processor time for a delivery", note: "one channel, 1,000 members, lines of 300 bytes; less is better",
		figure: "server_cpu_per_delivery_us", unit: " µs", cases: []aCase{onePublisher, tenPublishers, paced}},
	{name: "latency", title: "From publishing to arrival, 99 of 100 lines", note: "one channel, 1,000 members; less is better",
		figure: "p99_ms", unit: " ms", cases: []aCase{onePublisher, tenPublishers, paced}},
	{name: "members", title: "Deliveries a second by the size of the channel", note: "one publisher, flat out, lines of 300 bytes; more is better",
		figure: "deliveries_per_s", unit: "/s", cases: []aCase{
			flatOut("10 members", " --members 10", "members", 10), flatOut("100", " --members 100", "members", 100),
			flatOut("1,000", ""), flatOut("5,000", " --members 5000", "members", 5000), flatOut("10,000", " --members 10000", "members", 10000)}},
	{name: "variants", title: "Deliveries a second of other kinds", note: "1,000 members, one publisher, flat out; more is better",
		figure: "deliveries_per_s", unit: "/s", cases: []aCase{
			onePublisher, flatOut("TLS", " --tls", "tls", true), flatOut("20 filtered views", " --filters 20", "filters", 20),
			flatOut("half with message-tags", " --tags half", "tags", "half")}},
	{name: "idle", title: "Memory of an idle connection", note: "10,000 connections in 100 channels; less is better",
		figure: "memory_per_connection_kB", unit: " kB", cases: []aCase{
			{label: "plain", flags: "idle", command: "idle", with: map[string]any{"connections": 10000, "tls": false}},
			{label: "TLS", flags: "idle --tls", command: "idle", with: map[string]any{"connections": 10000, "tls": true}}}},
	{name: "storm", title: "Until 10,000 connections have joined", note: "100 channels, all at once; less is better",
		figure: "join_s", unit: " s", cases: []aCase{
			{label: "join", flags: "storm", command: "storm", with: map[string]any{"connections": 10000, "restart": nil, "feed": nil}},
			{label: "join a publisher's channel", flags: "storm --feed", command: "storm", with: map[string]any{"connections": 10000, "restart": nil, "feed": true}},
			{label: "back after a restart", flags: "storm --restart", command: "storm", with: map[string]any{"restart": true, "kill": false}, figure: "all_back_s"},
			{label: "back after a kill", flags: "storm --restart --kill", command: "storm", with: map[string]any{"restart": true, "kill": true}, figure: "all_back_s"}}},
	{name: "slow", title: "100 of 1,000 members stop reading", note: "p99 of the others; less is better",
		unit: " ms", cases: []aCase{
			{label: "everybody reads", flags: "slow", command: "slow", figure: "all_read_p99_ms"},
			{label: "100 are stalled", flags: "slow", command: "slow", figure: "some_stalled_p99_ms"}}},
	{name: "publish", title: "Events acknowledged a second", note: "each on disk, synchronous=FULL; more is better",
		figure: "acknowledged_per_s", unit: "/s", cases: publishKinds},
	{name: "publish_latency", title: "How long publishing takes, half of the events", note: "less is better", unit: " ms", cases: []aCase{
		{label: "the disk's own commit", flags: "publish --in-flight 1", command: "publish", with: publishKinds[3].with, figure: "disk_commit_p50_ms"},
		{label: "acknowledged, one at a time", flags: "publish --in-flight 1", command: "publish", with: publishKinds[3].with, figure: "ack_p50_ms"},
		{label: "delivered, at 1,000 a second", flags: "publish --rate 1000", command: "publish", with: map[string]any{"rate": 1000}, figure: "deliver_p50_ms"}}},
	{name: "backfill", title: "Old events over HTTP, on one connection", note: "pages of 10,000; more is better",
		unit: "/s", cases: []aCase{formatCase("xml"), formatCase("json"), formatCase("ndjson"), formatCase("qs")}},
	{name: "first_byte", title: "Time to the first byte of an answer", note: "a store of 1,000,000 events, half of the answers; less is better",
		unit: " ms", cases: []aCase{
			firstByte("after", "after an id"), firstByte("from", "from a time"), firstByte("newest", "newest first"), firstByte("channel", "a channel"),
			firstByte("page", "a page"), firstByte("page_from", "a page, from a time"), firstByte("page_pattern", "a pattern of pages"),
			firstByte("user", "a user"), firstByte("action", "an action"), firstByte("nobody", "nobody")}},
}
