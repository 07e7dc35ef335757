-- How it is known that the speaker agreed; see bot/consent/levels.py.
ALTER TABLE voices ADD COLUMN level TEXT NOT NULL DEFAULT 'declared'
    CHECK (level IN ('spoken', 'live', 'own message', 'declared', 'operator'));
ALTER TABLE voices ADD COLUMN former_level TEXT
    CHECK (former_level IN ('spoken', 'live', 'own message', 'declared', 'operator'));
UPDATE voices SET level = 'operator' WHERE consented_by IS NULL;
UPDATE voices SET former_level = iif(former_consented_by IS NULL, 'operator', 'declared')
    WHERE former_sha256 IS NOT NULL;

-- The evidence of a consent, for the recording of that hash; kept and deleted with it.
-- consent_sha256: the clip of the consent sentence, in clips/. record: JSON, sealed where there is a
-- key: what bot/consent/evidence.py says.
CREATE TABLE consents (
    voice_id INTEGER NOT NULL REFERENCES voices (id) ON DELETE CASCADE,
    clip_sha256 TEXT NOT NULL
        CHECK (length(clip_sha256) = 64 AND clip_sha256 NOT GLOB '*[^0-9a-f]*'),
    member_id INTEGER NOT NULL CHECK (member_id > 0),
    given_at TEXT NOT NULL CHECK (given_at GLOB '????-??-??T*+00:00'),
    consent_sha256 TEXT
        CHECK (length(consent_sha256) = 64 AND consent_sha256 NOT GLOB '*[^0-9a-f]*'),
    record BLOB NOT NULL,
    PRIMARY KEY (voice_id, clip_sha256)
) STRICT, WITHOUT ROWID;

-- Whether a file is still needed is asked before it is removed.
CREATE INDEX consents_by_clip ON consents (consent_sha256) WHERE consent_sha256 IS NOT NULL;
