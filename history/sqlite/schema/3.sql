-- Redaction: the events that were removed as a whole, with what tells of it.
CREATE TABLE redactions (
	id        INTEGER PRIMARY KEY,
	tombstone INTEGER NOT NULL
);

-- The newest tombstone.
ALTER TABLE log ADD COLUMN redacted INTEGER NOT NULL DEFAULT 0;
