package ircd

// maxSent is how many of people's messages the server remembers, over all of
// them, so that they can be redacted.
const maxSent = 8192

// sent is a message between people: who may redact it, and where it was said.
// Either channel or to is set. It does not have what was said.
type sent struct {
	msgid    string
	from, to *person
	channel  lcChan
}

// is reports whether both are the same person, perhaps after a reconnect.
func (p *person) is(other *person) bool {
	return p == other || p.account != "" && p.account == other.account
}

// sentLog remembers the newest messages. Everything is guarded by Server.mu.
type sentLog struct {
	ring []sent // the oldest at next, once it is full
	next int
	byID map[string]int // index in ring
}

// add remembers a message in place of the oldest.
func (l *sentLog) add(s sent) {
	if l.byID == nil {
		l.byID = make(map[string]int)
	}
	if len(l.ring) < maxSent {
		l.ring = append(l.ring, s)
		l.byID[s.msgid] = len(l.ring) - 1
		return
	}
	delete(l.byID, l.ring[l.next].msgid)
	l.ring[l.next] = s
	l.byID[s.msgid] = l.next
	l.next = (l.next + 1) % maxSent
}

// find returns the message, or nil.
func (l *sentLog) find(msgid string) *sent {
	i, ok := l.byID[msgid]
	if !ok {
		return nil
	}
	return &l.ring[i]
}

// forget drops a message that has been redacted. Its place stays until its turn
// comes.
func (l *sentLog) forget(msgid string) {
	if i, ok := l.byID[msgid]; ok {
		l.ring[i] = sent{}
		delete(l.byID, msgid)
	}
}
