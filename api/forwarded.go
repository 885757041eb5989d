package api

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

type secureKey struct{}

// proxiedKey marks requests that a listed proxy has described.
type proxiedKey struct{}

// forwarded is the request as a listed proxy describes it: from whom it comes and
// whether TLS protected it, by X-Forwarded-For and X-Forwarded-Proto or, without
// the first, by Forwarded (RFC 7239). What others say about themselves counts for
// nothing.
func (h *Handler) forwarded(r *http.Request) *http.Request {
	if len(h.Proxies) == 0 || !h.isProxy(remote(r)) {
		return r
	}
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
	r.RemoteAddr = netip.AddrPortFrom(h.origin(remote(r), hops), remotePort(r)).String()
	return r
}

// isVeiled reports whether the request has come through a proxy that is not
// listed, so that its address says nothing about who sent it.
func isVeiled(r *http.Request) bool {
	return r.Context().Value(proxiedKey{}) == nil && (r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "")
}

// origin goes back from proxy to proxy to the first address that is none of ours:
// what stands before that, anybody may have written.
func (h *Handler) origin(from netip.Addr, hops []string) netip.Addr {
	for _, hop := range slices.Backward(hops) {
		addr, ok := parseHop(hop)
		if !ok || !h.isProxy(from) {
			break
		}
		from = addr
	}
	return from
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
