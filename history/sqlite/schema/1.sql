CREATE TABLE log (
	epoch TEXT NOT NULL,
	head  INTEGER NOT NULL, -- the last id given out
	at    INTEGER NOT NULL  -- its acceptance, microseconds since 1970
);

CREATE TABLE channels (
	id   INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
);

CREATE TABLE publishers (
	id   INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
);

CREATE TABLE events (
	id        INTEGER PRIMARY KEY,
	at        INTEGER NOT NULL,
	channel   INTEGER NOT NULL,
	publisher INTEGER NOT NULL,
	key       TEXT,
	body      TEXT NOT NULL -- canonical query string
);

-- Every index ends in the rowid, so this one is ordered by (channel, id).
CREATE INDEX events_channel ON events (channel);

CREATE UNIQUE INDEX events_key ON events (publisher, key) WHERE key IS NOT NULL;
