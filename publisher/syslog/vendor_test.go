package syslog

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestCaseC11: what devices send, with what is in its event.
func TestCaseC11(t *testing.T) {
	now := time.Date(2026, 6, 11, 12, 0, 0, 0, time.FixedZone("", 7200))
	for _, test := range [][2]string{
		// Cisco IOS
		{"<187>148: *Mar  1 18:46:11.012: %SYS-5-CONFIG_I: x", "host=192.0.2.1 app=%SYS-5-CONFIG_I comment=x time_=*Mar  1 18:46:11.012 sequence=148"},
		{"<187>Jun 10 13:00:01 CEST sw2 %LINK-3-UPDOWN: Interface Gi0/1, changed state", "time=2026-06-10T11:00:01.000000Z host=sw2 app=%LINK-3-UPDOWN comment=Interface Gi0/1, changed state"},
		{"<189>45: 000046: *Mar  1 00:00:36.123 UTC: %SYS-5-CONFIG_I: y", "host=192.0.2.1 app=%SYS-5-CONFIG_I comment=y time_=*Mar  1 00:00:36.123 UTC sequence=45 sequence=000046"},
		{"<189>45: sw1: .Jun 10 13:00:01.5 EST: %A-5-B: y", "time=2026-06-10T18:00:01.500000Z host=sw1 app=%A-5-B comment=y sequence=45"},
		{"<189>46: Jun 10 2026 13:00:01 UTC: %A-5-B: y", "time=2026-06-10T13:00:01.000000Z host=192.0.2.1 app=%A-5-B comment=y sequence=46"},
		{"<189>46: Jun 10 13:00:01 XYZ: %A-5-B: y", "time=2026-06-10T11:00:01.000000Z host=192.0.2.1 app=%A-5-B comment=y sequence=46"},
		{"<189>46: %A-5-B: y", "host=192.0.2.1 app=%A-5-B comment=y sequence=46"},
		{"<189>46: 1w2d: %A-5-B: y", "host=192.0.2.1 app=%A-5-B comment=y sequence=46 uptime=1w2d"},
		{"<189>46: 00:00:36: %A-5-B: y", "host=192.0.2.1 app=%A-5-B comment=y sequence=46 uptime=00:00:36"},
		{"<189>3d04h: %A-5-B: y", "host=192.0.2.1 app=%A-5-B comment=y uptime=3d04h"},
		{"<189>Jun 10 13:00:01.123 +0530 10.0.0.1 %A-5-B: y", "time=2026-06-10T07:30:01.123000Z host=10.0.0.1 app=%A-5-B comment=y"},
		// NX-OS, IOS XR, ASA
		{"<189>: 2026 Jun 10 13:00:01.123 CEST: %ETHPORT-5-IF_UP: y", "time=2026-06-10T11:00:01.123000Z host=192.0.2.1 app=%ETHPORT-5-IF_UP comment=y"},
		{"<189>2026 Jun 10 13:00:01 n9k %ETHPORT-5-IF_UP: y", "time=2026-06-10T11:00:01.000000Z host=n9k app=%ETHPORT-5-IF_UP comment=y"},
		{"<189>123: RP/0/RSP0/CPU0:Jun 10 13:00:01.1 UTC: ifmgr[257]: %PKT_INFRA-LINK-3-UPDOWN : y", "time=2026-06-10T13:00:01.100000Z host=192.0.2.1 app=ifmgr procid=257 comment=%PKT_INFRA-LINK-3-UPDOWN : y sequence=123 node=RP/0/RSP0/CPU0"},
		{"<166>Jan 01 2026 10:00:00: %ASA-6-302013: Built", "time=2026-01-01T08:00:00.000000Z host=192.0.2.1 app=%ASA-6-302013 comment=Built"},
		{"<166>Jan 01 2026 10:00:00 fw1 : %ASA-6-302013: Built", "time=2026-01-01T08:00:00.000000Z host=fw1 app=%ASA-6-302013 comment=Built"},
		{"<166>%ASA-6-302013: Built", "host=192.0.2.1 app=%ASA-6-302013 comment=Built"},
		// the year behind, dates as ISO has them, without a host
		{"<13>Jun 10 13:00:01 2026 r1 mgd[4711]: UI_CFG: y", "time=2026-06-10T11:00:01.000000Z host=r1 app=mgd procid=4711 comment=UI_CFG: y"},
		{"<13>Jun 10 13:00:01 UTC 2026 r1 mgd: y", "time=2026-06-10T13:00:01.000000Z host=r1 app=mgd comment=y"},
		{"<13>2026-06-10T13:00:01Z app[1]: y", "time=2026-06-10T13:00:01.000000Z host=192.0.2.1 app=app procid=1 comment=y"},
		{"<13>2026-06-10t13:00:01,5z h app: y", "time=2026-06-10T13:00:01.500000Z host=h app=app comment=y"},
		{"<13>2026-06-10 13:00:01 h app: y", "time=2026-06-10T11:00:01.000000Z host=h app=app comment=y"},
		{"<13>2026-06-10T13:00:01+0300 %A-5-B: y", "time=2026-06-10T10:00:01.000000Z host=192.0.2.1 app=%A-5-B comment=y"},
		{"<13>Jun 10 13:00:60 h app: y", "time=2026-06-10T11:01:00.000000Z host=h app=app comment=y"},
		// RFC 5424, and nearly
		{"<34>1 - - - - - -", ""},
		{"<34>1 - h a - - - y", "host=h app=a comment=y"},
		{"<34>1 2026-06-10T13:00:01Z h app  - - y", "time=2026-06-10T13:00:01.000000Z host=h app=app comment=y"},
		{"<34>1 2026-06-10t13:00:01z h app 7 id y z", "time=2026-06-10T13:00:01.000000Z host=h app=app procid=7 msgid=id comment=y z"},
		{"<34>1 2026-06-10T13:00:01+0200 h app - -", "time=2026-06-10T11:00:01.000000Z host=h app=app"},
		{"<34>1 2026-13-45T13:00:01Z h app - - - y", "host=h app=app comment=y time_=2026-13-45T13:00:01Z"},
		{`<165>1 2026-06-10T13:00:01.5+02:00 r1 mgd 4 UI [junos@2636.1 user="u"] y`, "time=2026-06-10T11:00:01.500000Z host=r1 app=mgd procid=4 msgid=UI comment=y junos_2636.1.user=u"},
		// FortiGate, MikroTik
		{`<189>date=2026-06-10 time=13:00:01 devname="FG1" devid="F1" logid="001" type="traffic" tz="+0300"`,
			`time=2026-06-10T10:00:01.000000Z host=FG1 app=traffic msgid=001 comment=date=2026-06-10 time=13:00:01 devname="FG1" devid="F1" logid="001" type="traffic" tz="+0300"`},
		{`<189>logver=1 date=2026-06-10,time=13:00:01,devname=FG1,eventtime=1781089201000000000`,
			`time=2026-06-10T11:00:01.000000Z host=FG1 comment=logver=1 date=2026-06-10,time=13:00:01,devname=FG1,eventtime=1781089201000000000`},
		{"<30>system,info,account user admin logged in", "host=192.0.2.1 app=system,info,account comment=user admin logged in"},
		{"<30>Jun 10 13:00:01 MikroTik system,info: y", "time=2026-06-10T11:00:01.000000Z host=MikroTik app=system,info comment=y"},
		// what only looks like one of these
		{"<13>404: not found", "host=192.0.2.1 app=404 comment=not found"},
		{"<13>a: b: c", "host=192.0.2.1 app=a comment=b: c"},
		{"<13>Jun 10 13:00:01 web: y", "time=2026-06-10T11:00:01.000000Z host=192.0.2.1 app=web comment=y"},
	} {
		m, err := Parse([]byte(test[0]), now)
		if err != nil {
			if test[1] != "" {
				t.Errorf("%s: %v", test[0], err)
			}
			continue
		}
		got := ""
		for _, f := range m.Fields(netip.MustParseAddr("192.0.2.1"), 0) {
			if f.Key != "facility" && f.Key != "severity" && f.Key != "text" {
				got += " " + f.Key + "=" + f.Value
			}
		}
		if diff := cmp.Diff(" "+test[1], got); diff != "" {
			t.Errorf("%s\n%s", test[0], diff)
		}
	}
}
