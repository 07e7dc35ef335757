BEGIN TRANSACTION;
CREATE TABLE guild_defaults (
    guild_id INTEGER NOT NULL PRIMARY KEY CHECK (guild_id > 0),
    voice_id INTEGER NOT NULL REFERENCES voices (id) ON DELETE CASCADE
) STRICT;
INSERT INTO "guild_defaults" VALUES(81384788765712384,2);
CREATE TABLE member_defaults (
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    user_id INTEGER NOT NULL CHECK (user_id > 0),
    voice_id INTEGER NOT NULL REFERENCES voices (id) ON DELETE CASCADE,
    PRIMARY KEY (guild_id, user_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "member_defaults" VALUES(81384788765712384,111000000000000002,1);
CREATE TABLE synced_commands (
    application_id INTEGER NOT NULL CHECK (application_id > 0),
    guild_id INTEGER NOT NULL CHECK (guild_id >= 0),
    definition_hash TEXT NOT NULL CHECK (definition_hash <> ''),
    PRIMARY KEY (application_id, guild_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "synced_commands" VALUES(9,0,'abc');
CREATE TABLE voices (
    -- AUTOINCREMENT: an id that a button or a menu still holds never comes to mean another voice.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- 0 is the operator; Discord's ids are positive 63-bit numbers.
    guild_id INTEGER NOT NULL CHECK (guild_id >= 0),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 32),
    -- storage.names.name_key(name)
    name_key TEXT NOT NULL CHECK (name_key <> ''),
    clip_sha256 TEXT NOT NULL
        CHECK (length(clip_sha256) = 64 AND clip_sha256 NOT GLOB '*[^0-9a-f]*'),
    seconds REAL NOT NULL CHECK (seconds > 0),
    language TEXT CHECK (length(language) BETWEEN 2 AND 16),
    owner_id INTEGER CHECK (owner_id > 0),
    consented_by INTEGER CHECK (consented_by > 0),
    -- Times are ISO 8601 in UTC.
    consented_at TEXT CHECK (consented_at GLOB '????-??-??T*+00:00'),
    pitch_hz REAL CHECK (pitch_hz > 0),
    quality TEXT CHECK (quality IS NULL OR json_valid(quality)),
    created_at TEXT NOT NULL CHECK (created_at GLOB '????-??-??T*+00:00'),
    last_used_at TEXT CHECK (last_used_at GLOB '????-??-??T*+00:00'),
    use_count INTEGER NOT NULL DEFAULT 0 CHECK (use_count >= 0),
    -- Why the clip cannot be used; NULL if it can.
    damage TEXT,
    -- A consent is worth nothing without who gave it and when.
    CHECK ((consented_by IS NULL) = (consented_at IS NULL))
) STRICT;
INSERT INTO "voices" VALUES(1,81384788765712384,'Ann Lee','ann lee','08c947550047e2b54886a11b1f332b71a5e4626b460e10258c486e1d2a6f586e',0.02,'de',111000000000000001,111000000000000001,'2026-05-01T00:00:00+00:00',180.5,'{"verdict": "good"}','2026-05-01T00:00:00+00:00','2026-05-01T00:00:00+00:00',7,NULL);
INSERT INTO "voices" VALUES(2,0,'Operator','operator','e0fa92ae2cd48cc6564208deb5065407f704dde9e0e842e1fdf0f83f4c12e621',0.02,NULL,NULL,NULL,NULL,NULL,NULL,'2026-05-01T00:00:00+00:00',NULL,0,NULL);
INSERT INTO "voices" VALUES(5,81384788765712384,'日本語の声','日本語の声','08c947550047e2b54886a11b1f332b71a5e4626b460e10258c486e1d2a6f586e',0.02,NULL,111000000000000002,111000000000000002,'2026-05-01T00:00:00+00:00',NULL,NULL,'2026-05-01T00:00:00+00:00',NULL,0,NULL);
CREATE UNIQUE INDEX voices_by_name ON voices (guild_id, name_key);
CREATE INDEX voices_by_clip ON voices (clip_sha256);
CREATE INDEX member_defaults_by_voice ON member_defaults (voice_id);
CREATE INDEX guild_defaults_by_voice ON guild_defaults (voice_id);
CREATE INDEX voices_by_owner ON voices (guild_id, owner_id) WHERE owner_id IS NOT NULL;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('voices',5);
COMMIT;
PRAGMA user_version = 2;
