-- The recordings that members handed in within the last day, as files or live, so that a day's limits
-- hold over a restart. bytes: of the file, or of the packets that were heard.
CREATE TABLE uploads (
    id INTEGER PRIMARY KEY,
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    user_id INTEGER NOT NULL CHECK (user_id > 0),
    at TEXT NOT NULL CHECK (at GLOB '????-??-??T*+00:00'),
    bytes INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT;
CREATE INDEX uploads_by_guild ON uploads (guild_id, at);
CREATE INDEX uploads_by_time ON uploads (at);

-- What the trail says of the last day, read without its rows: enrolments, seconds of speech.
CREATE INDEX audit_by_time ON audit (guild_id, kind, at, actor, milliseconds);
