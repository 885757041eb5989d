-- What people say in their channels and to one another, if that is kept. It has
-- nothing to do with events; history.Chat says what reads it.
CREATE TABLE chat (
	id      INTEGER PRIMARY KEY,          -- the order in which it was said
	owner   TEXT NOT NULL COLLATE NOCASE, -- whose copy of a conversation; '' in a channel
	target  TEXT NOT NULL COLLATE NOCASE, -- the channel, or with whom
	at      INTEGER NOT NULL,             -- microseconds since 1970
	msgid   TEXT NOT NULL,
	source  TEXT NOT NULL,
	account TEXT NOT NULL,
	command TEXT NOT NULL,
	params  TEXT NOT NULL,                -- a JSON array
	tags    TEXT NOT NULL,
	bot     INTEGER NOT NULL,
	closed  INTEGER NOT NULL
);

-- Every index ends in the rowid.
CREATE INDEX chat_target ON chat (owner, target, at);
CREATE INDEX chat_msgid ON chat (msgid);
CREATE INDEX chat_at ON chat (at);
