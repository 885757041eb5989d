//go:build !linux

package ircd

import (
	"errors"
	"time"
)

// poller is for Linux alone: elsewhere every connection has its read loop.
type poller struct{}

func newPoller() (*poller, error) { return nil, errors.ErrUnsupported }

func (*poller) watch(int32) error          { return errors.ErrUnsupported }
func (*poller) wait(ready []int32) []int32 { return ready }
func (*poller) setDeadline(time.Time)      {}
func (*poller) interrupt()                 {}
func (*poller) close()                     {}
