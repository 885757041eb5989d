package main

import (
	"bytes"
	"context"
	"net"
	"time"

	"github.com/coder/websocket"
)

// webConn is a WebSocket as a stream of lines, of which each message is one.
type webConn struct {
	ws                *websocket.Conn
	rest              []byte
	readTill, writeBy time.Time
}

func dialWeb(url string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{Subprotocols: []string{"binary.ircv3.net"}})
	if err != nil {
		return nil, err
	}
	return &webConn{ws: ws}, nil
}

func (w *webConn) Read(b []byte) (int, error) {
	if len(w.rest) == 0 {
		ctx, cancel := context.WithDeadline(context.Background(), w.readTill)
		defer cancel()
		_, message, err := w.ws.Read(ctx)
		if err != nil {
			return 0, err
		}
		w.rest = append(message, '\n')
	}
	n := copy(b, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

func (w *webConn) Write(b []byte) (int, error) {
	ctx, cancel := context.WithDeadline(context.Background(), w.writeBy)
	defer cancel()
	for line := range bytes.Lines(b) {
		if err := w.ws.Write(ctx, websocket.MessageBinary, bytes.TrimRight(line, "\r\n")); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

func (w *webConn) Close() error                       { return w.ws.CloseNow() }
func (w *webConn) LocalAddr() net.Addr                { return nil }
func (w *webConn) RemoteAddr() net.Addr               { return nil }
func (w *webConn) SetReadDeadline(t time.Time) error  { w.readTill = t; return nil }
func (w *webConn) SetWriteDeadline(t time.Time) error { w.writeBy = t; return nil }

func (w *webConn) SetDeadline(t time.Time) error {
	w.readTill, w.writeBy = t, t
	return nil
}
