package mqtt

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher"
	"github.com/ircbus/ircbus/publisher/door"
	"github.com/ircbus/ircbus/publisher/tlsconfig"
)

// Config says which broker a Source asks for what, and who publishes it.
type Config struct {
	Broker   string // mqtt://host:1883, mqtts://, ws:// or wss://
	ClientID string // under which the broker keeps what comes while the bus is away
	Username string
	Password func() (string, error) // asked at each connection; nil for none
	TLS      *tls.Config            // nil for the system's
	Topics   []string               // filters, as in "home/+/state", "alerts/#"
	QoS      byte                   // 0 to 2
	Retained bool                   // also what the broker has kept from before
	Account  string                 // that publishes
	Channel  string                 // one of its channels; "" is its first
}

// The limits of a connection.
const (
	maxPayload  = 1 << 20 // bytes
	maxQueued   = 256     // messages that wait for the store, before the broker has to
	keepAlive   = 30 * time.Second
	patience    = 15 * time.Second // for the broker's answers
	firstPause  = time.Second      // between two connections
	lastPause   = time.Minute
	acknowledge = 512 // messages stored last of which a copy is known
)

var schemes = []string{"mqtt", "tcp", "mqtts", "ssl", "tls", "ws", "wss"}

// CheckBroker says what is wrong with a broker's address, and whether the connection
// is encrypted.
func CheckBroker(address string) (u *url.URL, secure bool, err error) {
	u, err = url.Parse(address)
	if err != nil || !slices.Contains(schemes, u.Scheme) || u.Host == "" {
		return nil, false, fmt.Errorf("%.200q is not an address like mqtts://broker.example.org:8883", address)
	}
	if u.User != nil {
		return nil, false, errors.New("the address has a name or password in it, which the log would tell: use username and password_file")
	}
	return u, slices.Contains([]string{"mqtts", "ssl", "tls", "wss"}, u.Scheme), nil
}

// CheckTopic says what is wrong with a filter of topics (MQTT 3.1.1, section 4.7).
func CheckTopic(filter string) error {
	levels := strings.Split(filter, "/")
	for i, level := range levels {
		isLast := i == len(levels)-1
		if strings.ContainsAny(level, "+#") && level != "+" && (level != "#" || !isLast) {
			return fmt.Errorf("%.100q is no filter of topics: + stands for one whole level, and # for all that follow, at the end", filter)
		}
	}
	if filter == "" || len(filter) > 65_535 || strings.ContainsRune(filter, 0) {
		return errors.New("a filter of topics has 1 to 65,535 bytes")
	}
	return nil
}

// Source is a client of a broker. A message is acknowledged when it is on disk: with
// a QoS of 1 or 2 the broker keeps it until then.
type Source struct {
	cfg Config
	in  *door.Inlet

	// Owned by Run.
	copies map[uint16][sha256.Size]byte // hashes of messages stored last, by id: of which the broker may not have read the acknowledgement
	order  []uint16
}

var _ publisher.Source = (*Source)(nil)

// New makes the client; Run connects.
func New(in *door.Inlet, cfg Config) *Source {
	return &Source{cfg: cfg, in: in, copies: make(map[uint16][sha256.Size]byte)}
}

// Run receives until ctx ends, and returns nil then. It is called once.
func (s *Source) Run(ctx context.Context) error {
	storing, stop := door.Draining(ctx)
	defer stop()
	subscribed := false
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		began := time.Now()
		err := s.connection(ctx, storing, &subscribed)
		if ctx.Err() != nil {
			return nil
		}
		s.in.Trouble("the broker does not send", err)
		if time.Since(began) > lastPause {
			pause = firstPause
		}
		select {
		case <-time.After(pause/2 + rand.N(pause)):
		case <-ctx.Done():
			return nil
		}
	}
}

// connection stores what comes over one connection, until that ends.
func (s *Source) connection(ctx, storing context.Context, subscribed *bool) error {
	received := make(chan paho.Message, maxQueued)
	lost := make(chan error, 1)
	ended, end := context.WithCancel(ctx)
	defer end()
	options, err := s.options(func(m paho.Message) {
		select {
		case received <- m: // while this waits, the broker does
		case <-ended.Done():
		}
	}, func(err error) { lost <- err })
	if err != nil {
		return err
	}
	client := paho.NewClient(options)
	connecting := client.Connect().(*paho.ConnectToken)
	if err := wait(ctx, connecting); err != nil {
		end()
		client.Disconnect(0)
		return err
	}
	defer client.Disconnect(100) // milliseconds
	defer end()                  // or the client waits for the queue
	// A session that the broker has kept has the subscriptions of before.
	if !*subscribed || !connecting.SessionPresent() {
		if err := s.subscribe(ctx, client); err != nil {
			return err
		}
		*subscribed = true
	}
	for {
		select {
		case m := <-received:
			if !s.store(storing, m) {
				return storing.Err()
			}
		case err := <-lost:
			return err
		case <-ctx.Done():
			for len(received) > 0 && s.store(storing, <-received) {
			}
			return ctx.Err()
		}
	}
}

// options are those of one connection.
func (s *Source) options(handle func(paho.Message), lost func(error)) (*paho.ClientOptions, error) {
	o := paho.NewClientOptions().AddBroker(s.cfg.Broker).SetClientID(s.cfg.ClientID).SetCleanSession(false).
		SetProtocolVersion(4).SetKeepAlive(keepAlive).SetPingTimeout(patience).SetConnectTimeout(patience).
		SetAutoReconnect(false).SetConnectRetry(false).SetAutoAckDisabled(true).SetOrderMatters(true).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) { handle(m) }).
		SetConnectionLostHandler(func(_ paho.Client, err error) { lost(err) })
	o.SetTLSConfig(tlsconfig.Complete(s.cfg.TLS))
	o.SetUsername(s.cfg.Username)
	if s.cfg.Password != nil {
		password, err := s.cfg.Password()
		if err != nil {
			return nil, err
		}
		o.SetPassword(password)
	}
	return o, nil
}

// subscribe asks for all topics.
func (s *Source) subscribe(ctx context.Context, client paho.Client) error {
	wanted := make(map[string]byte, len(s.cfg.Topics))
	for _, topic := range s.cfg.Topics {
		wanted[topic] = s.cfg.QoS
	}
	token := client.SubscribeMultiple(wanted, nil).(*paho.SubscribeToken)
	if err := wait(ctx, token); err != nil {
		return fmt.Errorf("the broker does not take the subscription: %w", err)
	}
	for topic, granted := range token.Result() {
		if granted > 2 {
			return fmt.Errorf("the broker refuses the topic %.100q", topic)
		}
	}
	return nil
}

// wait waits for the broker's answer.
func wait(ctx context.Context, token paho.Token) error {
	select {
	case <-token.Done():
		return token.Error()
	case <-time.After(patience):
		return errors.New("the broker does not answer")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// store stores a message, whatever it takes, and acknowledges it; false if ctx has
// ended before.
func (s *Source) store(ctx context.Context, m paho.Message) bool {
	copied := sha256.Sum256(slices.Concat([]byte(m.Topic()), []byte{0}, m.Payload()))
	if m.Qos() > 0 && m.Duplicate() && s.copies[m.MessageID()] == copied {
		m.Ack() // it was stored, and the acknowledgement was lost
		return true
	}
	s.in.Received(1)
	switch {
	case m.Retained() && !s.cfg.Retained:
	case len(m.Payload()) > maxPayload:
		s.in.Refuse(door.Malformed, m.Topic(), ircbus.Refuse(ircbus.EventTooLarge, "a message has %d bytes, the limit is %d", len(m.Payload()), maxPayload))
	default:
		message := Message{Topic: m.Topic(), Payload: m.Payload(), Retained: m.Retained()}
		event, err := s.in.Event(s.cfg.Account, s.cfg.Channel, message.Fields(s.in.MaxBody))
		if err != nil {
			s.in.Refuse(door.ReasonFor(err), m.Topic(), err)
			break
		}
		s.in.Keep(ctx, door.Input{Sender: m.Topic(), Events: []ircbus.Event{event}})
		if ctx.Err() != nil {
			return false // perhaps it is not stored: the broker sends it again
		}
	}
	if m.Qos() > 0 {
		s.remember(m.MessageID(), copied)
	}
	m.Ack()
	return true
}

// remember notes a message that is stored.
func (s *Source) remember(id uint16, copied [sha256.Size]byte) {
	if _, known := s.copies[id]; !known {
		s.order = append(s.order, id)
	}
	s.copies[id] = copied
	if len(s.order) > acknowledge {
		delete(s.copies, s.order[0])
		s.order = s.order[1:]
	}
}
