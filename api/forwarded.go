package api

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/ircbus/ircbus"
)

type secureKey struct{}

// proxiedKey marks requests that a listed proxy has passed on and described.
type proxiedKey struct{}

// forwarded is the request as a listed proxy describes it: from whom it comes and
// whether TLS protected it, by X-Forwarded-For and X-Forwarded-Proto or, without
// the first, by Forwarded (RFC 7239). From whom others pass something on, nobody
// knows: then the request has no address.
func (h *Handler) forwarded(r *http.Request) *http.Request {
	peer, header := remote(r), forwardingHeader(r.Header)
	if isOnLoopback(r) && !peer.IsLoopback() {
		r = r.WithContext(context.WithValue(r.Context(), proxiedKey{}, true)) // the PROXY protocol told of the peer
	}
	switch {
	case header == "":
		return r
	case !h.isProxy(peer):
		h.unlisted.Do(func() {
			h.Logger.Warn("requests come through a proxy that is not listed, so nobody knows who sends them: add its address to proxies in the configuration",
				"proxy", peer, "header", header)
		})
		return hidden(r)
	}
	return h.described(r, peer)
}

// described is the request as the listed proxy peer describes it.
func (h *Handler) described(r *http.Request, peer netip.Addr) *http.Request {
	hops, proto := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ","), last(r.Header.Values("X-Forwarded-Proto"))
	if r.Header.Get("X-Forwarded-For") == "" {
		var told string
		if hops, told = parseForwarded(r.Header.Values("Forwarded")); told != "" {
			proto = told
		}
	}
	ctx := context.WithValue(r.Context(), proxiedKey{}, true)
	if strings.EqualFold(proto, "https") {
		ctx = context.WithValue(ctx, secureKey{}, true)
	}
	r = r.WithContext(ctx) // a copy that may be changed
	from, known := h.origin(peer, hops)
	if !known {
		h.silent.Do(func() {
			h.Logger.Warn("a proxy of proxies in the configuration does not say for whom it asks: let it set X-Forwarded-For or Forwarded", "proxy", peer)
		})
		return hidden(r)
	}
	r.RemoteAddr = netip.AddrPortFrom(from, remotePort(r)).String()
	return r
}

// hidden is the request without an address by which it could be trusted.
func hidden(r *http.Request) *http.Request {
	r = r.WithContext(r.Context())
	peer, _ := netip.ParseAddrPort(r.RemoteAddr) // on a Unix socket there is none
	r.RemoteAddr = ircbus.BehindProxy{Peer: peer}.String()
	return r
}

// isProxied reports whether a listed proxy has passed the request on.
func isProxied(r *http.Request) bool { return r.Context().Value(proxiedKey{}) != nil }

// forwardingNames are headers by which proxies, load balancers and content
// delivery networks show that they pass a request on, in lower case.
var forwardingNames = []string{
	"via", "forwarded", "forwarded-for", "x-forwarded", "cdn-loop", "cf-ray", "cf-visitor", "x-proxy", "x-nginx-proxy",
	"x-original-host", "x-original-for", "x-originating-ip", "x-real-port", "x-remote-addr", "x-remote-ip",
	"cloudfront-viewer-address", "x-appengine-remote-addr",
}

// forwardingParts are what the names of such headers begin with or contain.
var forwardingParts = struct{ prefixes, infixes []string }{
	[]string{"x-forwarded-", "x-original-forwarded-", "x-envoy-", "x-azure-", "fastly-", "x-arr-"},
	[]string{"client-ip", "clientip", "connecting-ip", "real-ip", "proxyuser-ip", "user-ip", "cluster-ip"},
}

// forwardingHeader is the name of a header that a proxy has set, whatever its
// value, or "".
func forwardingHeader(header http.Header) string {
	for name := range header {
		lower := strings.ToLower(name)
		if slices.Contains(forwardingNames, lower) ||
			slices.ContainsFunc(forwardingParts.prefixes, func(p string) bool { return strings.HasPrefix(lower, p) }) ||
			slices.ContainsFunc(forwardingParts.infixes, func(p string) bool { return strings.Contains(lower, p) }) {
			return name
		}
	}
	return ""
}

// origin goes back from proxy to proxy to the first address that is none of ours:
// what stands before that, anybody may have written. It is not known if one of
// ours tells no address, or that of its own machine, which is not this one.
func (h *Handler) origin(from netip.Addr, hops []string) (_ netip.Addr, known bool) {
	for _, hop := range slices.Backward(hops) {
		if !h.isProxy(from) {
			break
		}
		addr, ok := parseHop(hop)
		if !ok || addr.IsLoopback() && !from.IsLoopback() {
			return netip.Addr{}, false
		}
		from = addr
	}
	return from, true
}

func (h *Handler) isProxy(addr netip.Addr) bool {
	addr = addr.WithZone("")
	return slices.ContainsFunc(h.Proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// parseHop reads an address with or without a port: 192.0.2.7, 192.0.2.7:80,
// 2001:db8::7, [2001:db8::7] and [2001:db8::7]:80.
func parseHop(hop string) (netip.Addr, bool) {
	hop = strings.TrimSpace(hop)
	if ap, err := netip.ParseAddrPort(hop); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(hop, "["), "]"))
	return addr.Unmap().WithZone(""), err == nil
}

// parseForwarded reads for= and the last proto= of Forwarded headers.
func parseForwarded(values []string) (hops []string, proto string) {
	for element := range strings.SplitSeq(strings.Join(values, ","), ",") {
		hop := ""
		for pair := range strings.SplitSeq(element, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			value = strings.Trim(value, `"`)
			switch {
			case strings.EqualFold(name, "for"):
				hop = value
			case strings.EqualFold(name, "proto"):
				proto = value
			}
		}
		hops = append(hops, hop)
	}
	return hops, proto
}

// last is the last word of a list in headers.
func last(values []string) string {
	words := strings.Split(strings.Join(values, ","), ",")
	return strings.TrimSpace(words[len(words)-1])
}

// isSecure reports whether TLS protects the request on its way, as far as we or a
// listed proxy can tell.
func isSecure(r *http.Request) bool {
	return r.TLS != nil || r.Context().Value(secureKey{}) != nil
}
