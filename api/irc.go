package api

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/coder/websocket"
)

// Subprotocols of IRC over WebSocket (ircv3.net/specs/extensions/websocket).
const (
	textIRC   = "text.ircv3.net"
	binaryIRC = "binary.ircv3.net"
)

// maxIRCMessage is the longest message taken over WebSocket, in bytes. It is more
// than an IRC line may have, so that a line somewhat too long is answered by the
// IRC server; a longer one ends the connection.
const maxIRCMessage = 16 << 10

// serveIRC is IRC over WebSocket (ircv3.net/specs/extensions/websocket). Who may
// enter is decided by the IRC server: browsers cannot send an Authorization here.
func (h *Handler) serveIRC(w http.ResponseWriter, r *http.Request) error {
	switch {
	case h.ServeIRC == nil:
		return notFound("this bus has no IRC over WebSocket")
	case !wantsWebSocket(r):
		w.Header().Set("Upgrade", "websocket")
		return &Problem{Status: http.StatusUpgradeRequired, Detail: "this is IRC over WebSocket: connect with a web client for IRC"}
	}
	taken := &hijacked{ResponseWriter: w}
	ws, err := websocket.Accept(taken, r, &websocket.AcceptOptions{
		Subprotocols: h.subprotocols(r), OriginPatterns: h.origins,
	})
	if err != nil {
		h.Logger.Debug("a WebSocket was refused", "from", r.RemoteAddr, "err", err)
		return nil // it has been answered
	}
	ws.SetReadLimit(maxIRCMessage)
	h.ServeIRC(newIRCConn(ws, taken.out, remoteAddr(r), isSecure(r)))
	return nil
}

// isIRC reports whether the request is the beginning of an IRC connection.
func isIRC(r *http.Request) bool {
	return (r.URL.Path == "/irc" || r.URL.Path == "/") && wantsWebSocket(r)
}

// wantsWebSocket reports whether the request asks for the change of protocol
// (RFC 6455, section 4.2.1); Accept looks at the rest.
func wantsWebSocket(r *http.Request) bool {
	for _, value := range r.Header.Values("Upgrade") {
		if strings.EqualFold(strings.TrimSpace(value), "websocket") {
			return true
		}
	}
	return false
}

// subprotocols are the two that we speak, in the client's order of preference,
// which counts here (ircv3.net/specs/extensions/websocket).
func (h *Handler) subprotocols(r *http.Request) []string {
	for _, value := range r.Header.Values("Sec-WebSocket-Protocol") {
		for name := range strings.SplitSeq(value, ",") {
			switch name = strings.TrimSpace(name); {
			case strings.EqualFold(name, binaryIRC):
				return []string{binaryIRC, textIRC}
			case strings.EqualFold(name, textIRC):
				return []string{textIRC, binaryIRC}
			}
		}
	}
	return nil
}

// originPatterns are the configured origins and the site of the public address,
// which a proxy may have hidden behind another Host.
func originPatterns(public string, configured []string) []string {
	if u, err := url.Parse(public); err == nil && u.Host != "" {
		configured = append([]string{u.Host}, configured...)
	}
	return configured
}

// remoteAddr is where the request comes from.
func remoteAddr(r *http.Request) net.Addr {
	if from := remote(r); from.IsValid() {
		return net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, remotePort(r)))
	}
	return textAddr(r.RemoteAddr)
}

// textAddr is the remote address of a request that is no IP address.
type textAddr string

func (textAddr) Network() string  { return "tcp" }
func (a textAddr) String() string { return string(a) }

func remotePort(r *http.Request) uint16 {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return 0
	}
	return ap.Port()
}
