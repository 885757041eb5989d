package bench

import (
	"fmt"
	"time"
)

// progress shows now and then how far a benchmark is.
type progress struct {
	env  *Env
	stop chan struct{}
	done chan struct{}
}

// showEvery is how often the progress is shown, and how long it takes until
// something is shown at all.
const showEvery = 500 * time.Millisecond

// follow shows what say returns, on one line, until end is called.
func follow(env *Env, say func() string) *progress {
	p := &progress{env, make(chan struct{}), make(chan struct{})}
	go p.run(say)
	return p
}

func (p *progress) run(say func() string) {
	defer close(p.done)
	if !p.env.Show {
		<-p.stop
		return
	}
	tick := time.NewTicker(showEvery)
	defer tick.Stop()
	const clear = "\r\x1b[K"
	for {
		select {
		case <-tick.C:
			fmt.Fprint(p.env.Stderr, clear+say())
		case <-p.stop:
			fmt.Fprint(p.env.Stderr, clear)
			return
		}
	}
}

func (p *progress) end() {
	close(p.stop)
	<-p.done
}
