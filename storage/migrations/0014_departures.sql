-- Who left which server when; after a while their data goes. user_id: 0 is the bot itself.
CREATE TABLE departures (
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    user_id INTEGER NOT NULL CHECK (user_id >= 0),
    left_at TEXT NOT NULL CHECK (left_at GLOB '????-??-??T*+00:00'),
    PRIMARY KEY (guild_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX departures_by_time ON departures (left_at);

-- How often data of members or guilds was erased, so that a process beside forgets what it remembers.
-- scrubbed: after how many of these the database was rewritten; fewer if one was ended in between.
CREATE TABLE erasures (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    number INTEGER NOT NULL,
    scrubbed INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO erasures VALUES (1, 0, 0);

-- The log as it was, but for AUTOINCREMENT: who looks for changes after the last one that they know
-- must not miss one that took the number of one that was erased.
ALTER TABLE settings_log RENAME TO settings_log_before;
CREATE TABLE settings_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    changed_at TEXT NOT NULL CHECK (changed_at GLOB '????-??-??T*+00:00'),
    changed_by INTEGER CHECK (changed_by > 0),
    key TEXT NOT NULL CHECK (key <> ''),
    before TEXT CHECK (before IS NULL OR json_valid(before)),
    after TEXT CHECK (after IS NULL OR json_valid(after))
) STRICT;
INSERT INTO settings_log SELECT * FROM settings_log_before;
DROP TABLE settings_log_before;
CREATE INDEX settings_log_by_guild ON settings_log (guild_id, id);
