-- The recording a voice had before its last replacement, with all that belongs to a recording.
ALTER TABLE voices ADD COLUMN former_sha256 TEXT
    CHECK (length(former_sha256) = 64 AND former_sha256 NOT GLOB '*[^0-9a-f]*');
ALTER TABLE voices ADD COLUMN former_seconds REAL CHECK (former_seconds > 0);
ALTER TABLE voices ADD COLUMN former_pitch_hz REAL CHECK (former_pitch_hz > 0);
ALTER TABLE voices ADD COLUMN former_quality TEXT
    CHECK (former_quality IS NULL OR json_valid(former_quality));
ALTER TABLE voices ADD COLUMN former_consented_by INTEGER CHECK (former_consented_by > 0);
ALTER TABLE voices ADD COLUMN former_consented_at TEXT
    CHECK (former_consented_at GLOB '????-??-??T*+00:00');
-- After that it is removed. Such times sort as text.
ALTER TABLE voices ADD COLUMN former_until TEXT
    CHECK (former_until GLOB '????-??-??T*+00:00')
    CHECK ((former_until IS NULL) = (former_sha256 IS NULL));

-- Whether a file is still needed; what has expired.
CREATE INDEX voices_by_former_clip ON voices (former_sha256) WHERE former_sha256 IS NOT NULL;
CREATE INDEX voices_by_former_until ON voices (former_until) WHERE former_until IS NOT NULL;

-- The name's key from the beginning of each word after the first, which voices_by_name serves.
CREATE TABLE voice_words (
    guild_id INTEGER NOT NULL,
    tail TEXT NOT NULL CHECK (tail <> ''),
    voice_id INTEGER NOT NULL REFERENCES voices (id) ON DELETE CASCADE,
    PRIMARY KEY (guild_id, tail, voice_id)
) STRICT, WITHOUT ROWID;

-- What the cascade walks.
CREATE INDEX voice_words_by_voice ON voice_words (voice_id);

-- word_tails is storage.names.word_tails, as JSON.
INSERT OR IGNORE INTO voice_words
SELECT voices.guild_id, json_each.value, voices.id
FROM voices JOIN json_each(word_tails(voices.name_key));

-- Recordings of deleted voices whose files may still be there.
CREATE TABLE unneeded_clips (
    clip_sha256 TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
