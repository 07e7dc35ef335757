-- What admins and members set, by the keys of bot/settings/; a key without a row has its default.
CREATE TABLE guild_settings (
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    key TEXT NOT NULL CHECK (key <> ''),
    value TEXT NOT NULL CHECK (json_valid(value)),
    PRIMARY KEY (guild_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE member_settings (
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    user_id INTEGER NOT NULL CHECK (user_id > 0),
    key TEXT NOT NULL CHECK (key <> ''),
    value TEXT NOT NULL CHECK (json_valid(value)),
    PRIMARY KEY (guild_id, user_id, key)
) STRICT, WITHOUT ROWID;

-- Who changed which of a guild's settings when. changed_by: NULL is the operator.
-- before, after: JSON; NULL is the default.
CREATE TABLE settings_log (
    id INTEGER PRIMARY KEY,
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    changed_at TEXT NOT NULL CHECK (changed_at GLOB '????-??-??T*+00:00'),
    changed_by INTEGER CHECK (changed_by > 0),
    key TEXT NOT NULL CHECK (key <> ''),
    before TEXT CHECK (before IS NULL OR json_valid(before)),
    after TEXT CHECK (after IS NULL OR json_valid(after))
) STRICT;

CREATE INDEX settings_log_by_guild ON settings_log (guild_id, id);
