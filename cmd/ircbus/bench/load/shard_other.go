//go:build !linux

package load

func (c *Crowd) threads() int { return 1 }

func (s *shard) start() error { return nil }

func (s *shard) do(fn func()) { s.lock.do(s, fn) }

func (s *shard) connect(m *member) { s.lock.connect(s, m) }

func (s *shard) close() { s.lock.close(s) }

// stall is not possible with a goroutine for each member.
func (*shard) stall(*member, bool) bool { return false }

// poll is for Linux alone.
type poll struct{}
