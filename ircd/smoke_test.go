package ircd

import (
	"encoding/base64"
	"testing"
)

func plain(account, secret string) string {
	return base64.StdEncoding.EncodeToString([]byte(account + "\x00" + account + "\x00" + secret))
}

func TestSmoke(t *testing.T) {
	b := newBus(t)
	alice := b.user("alice", "server-time", "message-tags", "account-tag")
	alice.send("JOIN #moin,#moin.text", "JOIN #moin?page=Bad*", "NAMES #moin", "LIST", "WHO #moin", "WHOIS moin")
	for _, l := range alice.fence() {
		t.Log(l)
	}
	pub := b.publisher("moin", "labeled-response", "echo-message", "message-tags", "server-time", "batch", "standard-replies", "account-tag")
	pub.send("@label=1 PRIVMSG #moin :page=BadPage&user=x y", "@label=2 PRIVMSG #moin :page=%zz", "@label=3 JOIN #moin", "@label=4 PRIVMSG #moin :page=Good&user=x y")
	for _, l := range pub.fence() {
		t.Log(l)
	}
	for _, l := range alice.fence() {
		t.Log(l)
	}
}
