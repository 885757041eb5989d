-- What programs have to tell people; history.Memos says what reads it.
CREATE TABLE memos (
	id        INTEGER PRIMARY KEY AUTOINCREMENT,
	at        INTEGER NOT NULL,             -- microseconds since 1970
	recipient TEXT NOT NULL COLLATE NOCASE,
	sender    TEXT NOT NULL COLLATE NOCASE,
	key       TEXT NOT NULL,                -- '' if there is none
	text      TEXT NOT NULL,                -- '' once it was given
	given     INTEGER NOT NULL
);

-- Every index ends in the rowid.
CREATE INDEX memos_waiting ON memos (recipient) WHERE NOT given;
CREATE UNIQUE INDEX memos_key ON memos (recipient, sender, key) WHERE key <> '';
CREATE INDEX memos_at ON memos (at);
