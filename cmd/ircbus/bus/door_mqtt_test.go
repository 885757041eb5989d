package bus

import (
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	brokerlisten "github.com/mochi-mqtt/server/v2/listeners"
)

// TestMQTTDoor: what is published to the broker is an event of the configuration's
// publisher, with a line for people.
func TestMQTTDoor(t *testing.T) {
	broker := mochi.New(&mochi.Options{InlineClient: true, Logger: slog.New(slog.DiscardHandler)})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	rules := auth.AuthRules{{Username: "bus", Password: "secret of the bus", Allow: true}}
	if err := broker.AddHook(new(auth.Hook), &auth.Options{Ledger: &auth.Ledger{Auth: rules}}); err != nil {
		t.Fatal(err)
	}
	if err := broker.AddListener(brokerlisten.NewNet("tests", listener)); err != nil {
		t.Fatal(err)
	}
	if err := broker.Serve(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { broker.Close() })
	c := quiet(t)
	c.MQTT = MQTT{Broker: "mqtt://" + listener.Addr().String(), Topics: []string{"alerts/#"}, QoS: 1, Username: "bus", Publisher: "mqtt"}
	c.MQTT.SecretsFile = filepath.Join(t.TempDir(), "secrets")
	if err := os.WriteFile(c.MQTT.SecretsFile, []byte("bus secret of the bus\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := startBus(t, c)
	waitFor(t, "the subscription", func() bool { return len(broker.Topics.Subscribers("alerts/x").Subscriptions) == 1 })
	if err := broker.Publish("alerts/disk", []byte(`{"message":"full","host":"wiki1"}`), false, 1); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the event", func() bool { return b.Doors()[0].Stored == 1 })
	if line := firstLine(t, b); line != "alerts/disk: full" {
		t.Errorf("the readable line is %q", line)
	}
	if log := b.Doors()[0]; strings.Contains(strings.Join(log.Listens, " "), "secret") || log.Door != "mqtt" {
		t.Errorf("%+v", log)
	}
}

// TestMQTTCheck: what makes no sense is told before the bus starts.
func TestMQTTCheck(t *testing.T) {
	for wrong, m := range map[string]MQTT{
		"mqtt.broker":       {Broker: "http://broker", Topics: []string{"a"}, Publisher: "m"},
		"mqtt.topics":       {Broker: "mqtt://broker", Publisher: "m"},
		"mqtt.qos":          {QoS: 3},
		"mqtt.username":     {Broker: "mqtts://broker", Topics: []string{"a"}, Publisher: "m", Username: "x"},
		"mqtt.publisher":    {Broker: "mqtt://broker", Topics: []string{"a"}},
		"mqtt.ca_file":      {Broker: "mqtts://broker", Topics: []string{"a"}, Publisher: "m", CAFile: "/nowhere"},
		"mqtt.secrets_file": {Broker: "mqtts://broker", Topics: []string{"a"}, Publisher: "m", Username: "x", SecretsFile: "/nowhere"},
	} {
		c := quiet(t)
		c.MQTT = m
		problems := c.Check()
		if len(problems) != 1 || strings.Join(problems[0].Key, ".") != wrong {
			t.Errorf("%s: %v", wrong, problems)
		}
	}
	file := filepath.Join(t.TempDir(), "secrets")
	if err := os.WriteFile(file, []byte("x secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := quiet(t)
	c.MQTT = MQTT{Broker: "mqtt://broker.example", Topics: []string{"a"}, Publisher: "m", Username: "x", SecretsFile: file}
	if problems := c.Check(); len(problems) != 1 || strings.Join(problems[0].Key, ".") != "mqtt.broker" {
		t.Errorf("a password without TLS: %v", problems)
	}
}
