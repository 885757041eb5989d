package api

import (
	"errors"
	"net/http"
	"os"
	"sync"
	"time"
)

// streamWriter writes with deadlines that get short when the bus stops.
type streamWriter struct {
	w        http.ResponseWriter // owned by who holds stream.mu
	rc       *http.ResponseController
	patience time.Duration

	mu      sync.Mutex
	closing bool
	late    bool // a write did not end in time
	over    bool // the handler has returned; w and rc must not be touched
}

// farewellTime is how long a reader has to take its last bytes.
const farewellTime = time.Second

func (s *streamWriter) write(p []byte) error {
	s.mu.Lock()
	timeout := s.patience
	if s.closing {
		timeout = farewellTime
	}
	err := s.rc.SetWriteDeadline(time.Now().Add(timeout))
	s.mu.Unlock()
	if err == nil {
		_, err = s.w.Write(p)
	}
	if err == nil {
		err = s.rc.Flush()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.mu.Lock()
		s.late = true
		s.mu.Unlock()
	}
	return err
}

// hurry shortens the deadline of a write that is waiting now, too.
func (s *streamWriter) hurry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = true
	if s.over {
		return
	}
	_ = s.rc.SetWriteDeadline(time.Now().Add(farewellTime)) // the connection may be closed already
}

func (s *streamWriter) done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
}

func (s *streamWriter) stalled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.late && !s.closing
}
