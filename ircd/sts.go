package ircd

import (
	"fmt"
	"time"
)

// STS is what clients are told about TLS
// (ircv3.net/specs/extensions/sts).
type STS struct {
	Port     int           // of the TLS listener, to which clients on a plain one shall go; 0: there is no policy
	Duration time.Duration // for which they shall come back over TLS alone; 0 ends an earlier policy
}

// stsPolicy is the value of the capability sts, and whether the connection gets
// one: on TLS only who has named the host that the policy is for, as the
// specification wants; on a plain listener nobody on this machine, for whom it is
// meant, and no web client, which has its page's address.
func (c *client) stsPolicy() (value string, offered bool) {
	policy := c.srv.set.STS
	if policy.Port == 0 || !c.version302 {
		return "", false
	}
	switch nc := c.conn.net.(type) {
	case tlsConn:
		return fmt.Sprintf("duration=%d", int64(policy.Duration/time.Second)), nc.ConnectionState().ServerName != ""
	case interface{ Secure() bool }:
		return "", false
	}
	return fmt.Sprintf("port=%d", policy.Port), !c.conn.from.Addr.IsLoopback()
}
