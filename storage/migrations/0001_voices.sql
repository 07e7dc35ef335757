-- Voices: one row per enrolled voice; its audio lies in clips/<clip_sha256>.pickle.gz.
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

-- Also what prefix search walks.
CREATE UNIQUE INDEX voices_by_name ON voices (guild_id, name_key);

-- Whether a file is still needed is asked before it is removed.
CREATE INDEX voices_by_clip ON voices (clip_sha256);
