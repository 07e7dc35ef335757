-- Which voice speaks when none is named. A deleted voice takes its defaults along.
CREATE TABLE member_defaults (
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    user_id INTEGER NOT NULL CHECK (user_id > 0),
    voice_id INTEGER NOT NULL REFERENCES voices (id) ON DELETE CASCADE,
    PRIMARY KEY (guild_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE guild_defaults (
    guild_id INTEGER NOT NULL PRIMARY KEY CHECK (guild_id > 0),
    voice_id INTEGER NOT NULL REFERENCES voices (id) ON DELETE CASCADE
) STRICT;

-- What the cascades walk.
CREATE INDEX member_defaults_by_voice ON member_defaults (voice_id);
CREATE INDEX guild_defaults_by_voice ON guild_defaults (voice_id);

-- The voice a member enrolled last.
CREATE INDEX voices_by_owner ON voices (guild_id, owner_id) WHERE owner_id IS NOT NULL;

-- Which command definitions Discord was told last. guild_id 0 stands for all guilds.
CREATE TABLE synced_commands (
    application_id INTEGER NOT NULL CHECK (application_id > 0),
    guild_id INTEGER NOT NULL CHECK (guild_id >= 0),
    definition_hash TEXT NOT NULL CHECK (definition_hash <> ''),
    PRIMARY KEY (application_id, guild_id)
) STRICT, WITHOUT ROWID;
