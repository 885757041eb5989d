module ircbus-faults

go 1.26.0

require (
	github.com/coder/websocket v1.8.15
	github.com/hanwen/go-fuse/v2 v2.12.1
)

require golang.org/x/sys v0.28.0 // indirect
