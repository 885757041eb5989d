package mediawiki

import "testing"

func BenchmarkParse(b *testing.B) {
	for _, feed := range []string{"json", "xml", "irc"} {
		var packets [][]byte
		for _, c := range changes(b, "capture-en") {
			if p, ok := c[feed]; ok {
				packets = append(packets, []byte(p.Packet))
			}
		}
		b.Run(feed, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := Parse(packets[i%len(packets)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
