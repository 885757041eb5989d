package bus

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
	"github.com/ircbus/ircbus/publisher/mqtt"
	"github.com/ircbus/ircbus/publisher/tlsconfig"
	"github.com/ircbus/ircbus/publisher/webclient"
)

// MQTT configures the door that subscribes at a broker.
type MQTT struct {
	Broker      string   `toml:"broker"`       // mqtts://host:8883, "" = closed
	Topics      []string `toml:"topics"`       // filters
	QoS         int      `toml:"qos"`          // 0 to 2
	Retained    bool     `toml:"retained"`     // also what the broker has kept from before
	ClientID    string   `toml:"client_id"`    // "" = that of the bus
	Username    string   `toml:"username"`     // "" = none
	SecretsFile string   `toml:"secrets_file"` // has the password of the username
	CAFile      string   `toml:"ca_file"`      // who signs the broker's certificate, "" = whom the system trusts
	Publisher   string   `toml:"publisher"`    // who publishes what comes
	Channel     string   `toml:"channel"`      // one of its channels, "" = its first
}

// mqttDoor is the section with what the door needs of the others.
type mqttDoor struct {
	*MQTT
	config *Config
}

func (m *MQTT) check(found *checker) {
	if m.QoS < 0 || m.QoS > 2 {
		found.add(fmt.Errorf("%d must be 0, 1 or 2", m.QoS), "mqtt", "qos")
	}
	for _, topic := range m.Topics {
		found.add(mqtt.CheckTopic(topic), "mqtt", "topics")
	}
	if m.Broker == "" {
		return
	}
	broker, secure, err := mqtt.CheckBroker(m.Broker)
	found.add(err, "mqtt", "broker")
	if len(m.Topics) == 0 {
		found.add(errors.New("say what is wanted of the broker, as in [\"alerts/#\"]"), "mqtt", "topics")
	}
	if (m.SecretsFile == "") != (m.Username == "") {
		found.add(errors.New("a username and the file with its password go together"), "mqtt", "username")
	}
	if err == nil && !secure && m.SecretsFile != "" && !webclient.IsLoopback(broker.Hostname()) {
		found.add(errors.New("a password goes to another machine over mqtts:// or wss:// alone"), "mqtt", "broker")
	}
	_, err = m.password()
	found.add(err, "mqtt", "secrets_file")
	_, err = m.tls()
	found.add(err, "mqtt", "ca_file")
	found.add(ircbus.CheckName(m.Publisher), "mqtt", "publisher")
	if m.Channel != "" {
		found.add(ircbus.CheckChannel(m.Channel), "mqtt", "channel")
	}
}

// password is what gives the password; nil without one.
func (m *MQTT) password() (func() (string, error), error) {
	secrets, err := openSecrets(m.SecretsFile, "mqtt.secrets_file")
	if secrets == nil || err != nil {
		return nil, err
	}
	get := func() (string, error) {
		secret, known, err := secrets.Secret(m.Username)
		if err == nil && !known {
			err = fmt.Errorf("the file of secrets has none of %q", m.Username)
		}
		return secret, err
	}
	_, err = get()
	return get, err
}

// tls is whom the broker's certificate may be from; nil for the system's.
func (m *MQTT) tls() (*tls.Config, error) {
	if m.CAFile == "" {
		return nil, nil
	}
	text, err := ircbus.ReadTextFile(m.CAFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("there is no certificate in %s: it must be PEM", m.CAFile)
	}
	config := tlsconfig.New()
	config.RootCAs = pool
	return config, nil
}

func (m mqttDoor) open(ctx context.Context, in *door.Inlet) (*opened, error) {
	if m.Broker == "" {
		return nil, nil
	}
	password, err := m.password()
	if err != nil {
		return nil, err
	}
	trusted, err := m.tls()
	if err != nil {
		return nil, fmt.Errorf("mqtt.ca_file: %w", err)
	}
	account, _, err := in.Ensure(ctx, ircbus.Wiki{Publisher: m.Publisher})
	if err != nil {
		return nil, err
	}
	if _, err := in.Feed(account, m.Channel); err != nil {
		return nil, err
	}
	source := mqtt.New(in, mqtt.Config{
		Broker: m.Broker, ClientID: cmp.Or(m.ClientID, "ircbus-"+m.config.Name), Username: m.Username, Password: password, TLS: trusted,
		Topics: m.Topics, QoS: byte(m.QoS), Retained: m.Retained, Account: account, Channel: m.Channel,
	})
	return &opened{source: source, listens: []string{"subscribes at " + m.Broker}}, nil
}
