BEGIN TRANSACTION;
CREATE TABLE audit (
    guild_id INTEGER NOT NULL CHECK (guild_id >= 0),
    number INTEGER NOT NULL CHECK (number > 0),
    at TEXT NOT NULL CHECK (at GLOB '????-??-??T*+00:00'),
    kind TEXT NOT NULL CHECK (kind <> ''),
    actor TEXT,
    subject TEXT,
    voice_id INTEGER,
    milliseconds INTEGER CHECK (milliseconds >= 0),
    packets_sha256 TEXT
        CHECK (length(packets_sha256) = 64 AND packets_sha256 NOT GLOB '*[^0-9a-f]*'),
    data TEXT NOT NULL CHECK (json_valid(data)),
    hash TEXT NOT NULL CHECK (length(hash) = 64 AND hash NOT GLOB '*[^0-9a-f]*'),
    PRIMARY KEY (guild_id, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "audit" VALUES(81384788765712384,1,'2026-11-27T22:03:15.714800+00:00','enrolled','5ecb872e550a189bdf8dbb74220cde74','5ecb872e550a189bdf8dbb74220cde74',1,NULL,NULL,'{"level":"spoken","reach":"named","texts":{"voice":"75a7cb668ed3a19a010901b89878c892a59627c1ca7c786513b6bff407ce84e6"}}','f88ce04f25970e65a1179fe279e721526f915c592782bcc50822a4a3914e2b38');
CREATE TABLE audit_chains (
    guild_id INTEGER NOT NULL PRIMARY KEY CHECK (guild_id >= 0),
    first INTEGER NOT NULL CHECK (first > 0),
    before TEXT NOT NULL CHECK (length(before) = 64),
    last INTEGER NOT NULL CHECK (last >= first - 1),
    hash TEXT NOT NULL CHECK (length(hash) = 64),
    seal BLOB
) STRICT, WITHOUT ROWID;
INSERT INTO "audit_chains" VALUES(81384788765712384,1,'0000000000000000000000000000000000000000000000000000000000000000',1,'f88ce04f25970e65a1179fe279e721526f915c592782bcc50822a4a3914e2b38',NULL);
CREATE TABLE audit_members (
    guild_id INTEGER NOT NULL CHECK (guild_id >= 0),
    user_id INTEGER NOT NULL CHECK (user_id > 0),
    salt TEXT NOT NULL CHECK (length(salt) = 32),
    pseudonym TEXT NOT NULL CHECK (length(pseudonym) = 32),
    newest INTEGER NOT NULL,
    PRIMARY KEY (guild_id, user_id),
    UNIQUE (guild_id, pseudonym)
) STRICT, WITHOUT ROWID;
INSERT INTO "audit_members" VALUES(81384788765712384,111000000000000001,'df73c39273ceace96c52f9579899c195','5ecb872e550a189bdf8dbb74220cde74',1);
CREATE TABLE audit_texts (
    guild_id INTEGER NOT NULL CHECK (guild_id >= 0),
    number INTEGER NOT NULL,
    part TEXT NOT NULL CHECK (part <> ''),
    salt TEXT NOT NULL CHECK (length(salt) = 32),
    text TEXT NOT NULL,
    PRIMARY KEY (guild_id, number, part)
) STRICT, WITHOUT ROWID;
INSERT INTO "audit_texts" VALUES(81384788765712384,1,'voice','32764e36ebd1e177c7956ca5abe52740','Ann Lee');
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
INSERT INTO "consents" VALUES(1,'08c947550047e2b54886a11b1f332b71a5e4626b460e10258c486e1d2a6f586e',111000000000000001,'2026-05-01T00:00:00+00:00','047af80546b9788e936c1e829cb8416a92189fe7f58c2fcbb8755c3d59c35c97',X'7B22776F726473223A205B227269766572225D7D');
CREATE TABLE departures (
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    user_id INTEGER NOT NULL CHECK (user_id >= 0),
    left_at TEXT NOT NULL CHECK (left_at GLOB '????-??-??T*+00:00'),
    PRIMARY KEY (guild_id, user_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "departures" VALUES(81384788765712384,111000000000000002,'2026-05-01T00:00:00+00:00');
CREATE TABLE dictionary_entries (
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    user_id INTEGER NOT NULL CHECK (user_id >= 0),
    kind TEXT NOT NULL CHECK (kind IN ('word', 'pattern')),
    written TEXT NOT NULL CHECK (written <> ''),
    language TEXT NOT NULL,
    spoken TEXT NOT NULL,
    created_by INTEGER NOT NULL CHECK (created_by > 0),
    PRIMARY KEY (guild_id, user_id, kind, written, language)
) STRICT, WITHOUT ROWID;
INSERT INTO "dictionary_entries" VALUES(81384788765712384,0,'word','GG','','good game',111000000000000001);
INSERT INTO "dictionary_entries" VALUES(81384788765712384,111000000000000001,'word','GG','','good game',111000000000000001);
CREATE TABLE dictionary_versions (
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    user_id INTEGER NOT NULL CHECK (user_id >= 0),
    version INTEGER NOT NULL,
    PRIMARY KEY (guild_id, user_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "dictionary_versions" VALUES(81384788765712384,0,4);
CREATE TABLE erasures (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    number INTEGER NOT NULL,
    scrubbed INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO "erasures" VALUES(1,0,0);
CREATE TABLE guild_defaults (
    guild_id INTEGER NOT NULL PRIMARY KEY CHECK (guild_id > 0),
    voice_id INTEGER NOT NULL REFERENCES voices (id) ON DELETE CASCADE
) STRICT;
INSERT INTO "guild_defaults" VALUES(81384788765712384,2);
CREATE TABLE guild_settings (
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    key TEXT NOT NULL CHECK (key <> ''),
    value TEXT NOT NULL CHECK (json_valid(value)),
    PRIMARY KEY (guild_id, key)
) STRICT, WITHOUT ROWID;
INSERT INTO "guild_settings" VALUES(81384788765712384,'locale','"de"');
CREATE TABLE member_defaults (
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    user_id INTEGER NOT NULL CHECK (user_id > 0),
    voice_id INTEGER NOT NULL REFERENCES voices (id) ON DELETE CASCADE,
    PRIMARY KEY (guild_id, user_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "member_defaults" VALUES(81384788765712384,111000000000000002,1);
CREATE TABLE member_settings (
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    user_id INTEGER NOT NULL CHECK (user_id > 0),
    key TEXT NOT NULL CHECK (key <> ''),
    value TEXT NOT NULL CHECK (json_valid(value)),
    PRIMARY KEY (guild_id, user_id, key)
) STRICT, WITHOUT ROWID;
INSERT INTO "member_settings" VALUES(81384788765712384,111000000000000001,'language','"fr"');
CREATE TABLE read_channels (
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    text_channel_id INTEGER NOT NULL CHECK (text_channel_id > 0),
    voice_channel_id INTEGER NOT NULL CHECK (voice_channel_id > 0),
    started_by INTEGER NOT NULL CHECK (started_by > 0),
    PRIMARY KEY (guild_id, text_channel_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "read_channels" VALUES(81384788765712384,31,32,111000000000000001);
CREATE TABLE settings_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    changed_at TEXT NOT NULL CHECK (changed_at GLOB '????-??-??T*+00:00'),
    changed_by INTEGER CHECK (changed_by > 0),
    key TEXT NOT NULL CHECK (key <> ''),
    before TEXT CHECK (before IS NULL OR json_valid(before)),
    after TEXT CHECK (after IS NULL OR json_valid(after))
) STRICT;
INSERT INTO "settings_log" VALUES(7,81384788765712384,'2026-05-01T00:00:00+00:00',111000000000000002,'locale',NULL,'"de"');
INSERT INTO "settings_log" VALUES(8,81384788765712384,'2026-05-01T00:00:00+00:00',NULL,'locale',NULL,'"de"');
CREATE TABLE synced_commands (
    application_id INTEGER NOT NULL CHECK (application_id > 0),
    guild_id INTEGER NOT NULL CHECK (guild_id >= 0),
    definition_hash TEXT NOT NULL CHECK (definition_hash <> ''),
    PRIMARY KEY (application_id, guild_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "synced_commands" VALUES(9,0,'abc');
CREATE TABLE unneeded_clips (
    clip_sha256 TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
INSERT INTO "unneeded_clips" VALUES('0000000000000000000000000000000000000000000000000000000000000000');
CREATE TABLE uploads (
    id INTEGER PRIMARY KEY,
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    user_id INTEGER NOT NULL CHECK (user_id > 0),
    at TEXT NOT NULL CHECK (at GLOB '????-??-??T*+00:00'),
    bytes INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT;
INSERT INTO "uploads" VALUES(1,81384788765712384,111000000000000001,'2026-05-01T00:00:00+00:00',1000);
CREATE TABLE voice_blocks (
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    owner_id INTEGER NOT NULL CHECK (owner_id > 0),
    blocked_id INTEGER NOT NULL CHECK (blocked_id > 0),
    PRIMARY KEY (guild_id, owner_id, blocked_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "voice_blocks" VALUES(81384788765712384,111000000000000001,111000000000000002);
CREATE TABLE voice_members (
    voice_id INTEGER NOT NULL REFERENCES voices (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL CHECK (user_id > 0),
    PRIMARY KEY (voice_id, user_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "voice_members" VALUES(1,111000000000000002);
CREATE TABLE voice_roles (
    voice_id INTEGER NOT NULL REFERENCES voices (id) ON DELETE CASCADE,
    role_id INTEGER NOT NULL CHECK (role_id > 0),
    PRIMARY KEY (voice_id, role_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "voice_roles" VALUES(1,111000000000000003);
CREATE TABLE voice_words (
    guild_id INTEGER NOT NULL,
    tail TEXT NOT NULL CHECK (tail <> ''),
    voice_id INTEGER NOT NULL REFERENCES voices (id) ON DELETE CASCADE,
    PRIMARY KEY (guild_id, tail, voice_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "voice_words" VALUES(81384788765712384,'lee',1);
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
    damage TEXT, exaggeration REAL CHECK (exaggeration BETWEEN 0 AND 10), cfg_weight REAL CHECK (cfg_weight BETWEEN 0 AND 10), temperature REAL CHECK (temperature BETWEEN 0 AND 10), seed INTEGER CHECK (seed >= 0), former_sha256 TEXT
    CHECK (length(former_sha256) = 64 AND former_sha256 NOT GLOB '*[^0-9a-f]*'), former_seconds REAL CHECK (former_seconds > 0), former_pitch_hz REAL CHECK (former_pitch_hz > 0), former_quality TEXT
    CHECK (former_quality IS NULL OR json_valid(former_quality)), former_consented_by INTEGER CHECK (former_consented_by > 0), former_consented_at TEXT
    CHECK (former_consented_at GLOB '????-??-??T*+00:00'), former_until TEXT
    CHECK (former_until GLOB '????-??-??T*+00:00')
    CHECK ((former_until IS NULL) = (former_sha256 IS NULL)), takes INTEGER CHECK (takes BETWEEN 1 AND 10), speed REAL CHECK (speed BETWEEN 0.5 AND 2), volume_db REAL CHECK (volume_db BETWEEN -12 AND 6), level TEXT NOT NULL DEFAULT 'declared'
    CHECK (level IN ('spoken', 'live', 'own message', 'declared', 'operator')), former_level TEXT
    CHECK (former_level IN ('spoken', 'live', 'own message', 'declared', 'operator')), reach TEXT NOT NULL DEFAULT 'everybody'
    CHECK (reach IN ('owner', 'named', 'everybody')), paused_by_owner_at TEXT
    CHECK (paused_by_owner_at GLOB '????-??-??T*+00:00'), paused_by_admin_at TEXT
    CHECK (paused_by_admin_at GLOB '????-??-??T*+00:00'), access_version INTEGER NOT NULL DEFAULT 0,
    -- A consent is worth nothing without who gave it and when.
    CHECK ((consented_by IS NULL) = (consented_at IS NULL))
) STRICT;
INSERT INTO "voices" VALUES(1,81384788765712384,'Ann Lee','ann lee','08c947550047e2b54886a11b1f332b71a5e4626b460e10258c486e1d2a6f586e',0.02,'de',111000000000000001,111000000000000001,'2026-05-01T00:00:00+00:00',180.5,'{"verdict": "good"}','2026-05-01T00:00:00+00:00','2026-05-01T00:00:00+00:00',7,NULL,0.7,0.4,0.9,5,'348538c3df8fbfc02206ae488403cb92d9b38c6f5721d391c46a3300db89fe1e',0.02,179.0,'{"verdict": "fair"}',111000000000000001,'2026-05-01T00:00:00+00:00','2099-01-01T00:00:00+00:00',2,1.25,-3.0,'spoken','declared','named','2026-05-01T00:00:00+00:00',NULL,3);
INSERT INTO "voices" VALUES(2,0,'Operator','operator','e0fa92ae2cd48cc6564208deb5065407f704dde9e0e842e1fdf0f83f4c12e621',0.02,NULL,NULL,NULL,NULL,NULL,NULL,'2026-05-01T00:00:00+00:00',NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'operator',NULL,'everybody',NULL,NULL,0);
INSERT INTO "voices" VALUES(5,81384788765712384,'日本語の声','日本語の声','08c947550047e2b54886a11b1f332b71a5e4626b460e10258c486e1d2a6f586e',0.02,NULL,111000000000000002,111000000000000002,'2026-05-01T00:00:00+00:00',NULL,NULL,'2026-05-01T00:00:00+00:00',NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'declared',NULL,'everybody',NULL,NULL,0);
CREATE UNIQUE INDEX voices_by_name ON voices (guild_id, name_key);
CREATE INDEX voices_by_clip ON voices (clip_sha256);
CREATE INDEX member_defaults_by_voice ON member_defaults (voice_id);
CREATE INDEX guild_defaults_by_voice ON guild_defaults (voice_id);
CREATE INDEX voices_by_owner ON voices (guild_id, owner_id) WHERE owner_id IS NOT NULL;
CREATE INDEX voices_by_former_clip ON voices (former_sha256) WHERE former_sha256 IS NOT NULL;
CREATE INDEX voices_by_former_until ON voices (former_until) WHERE former_until IS NOT NULL;
CREATE INDEX voice_words_by_voice ON voice_words (voice_id);
CREATE INDEX consents_by_clip ON consents (consent_sha256) WHERE consent_sha256 IS NOT NULL;
CREATE INDEX audit_by_voice ON audit (voice_id, guild_id, number) WHERE voice_id IS NOT NULL;
CREATE INDEX audit_by_packets ON audit (packets_sha256) WHERE packets_sha256 IS NOT NULL;
CREATE TRIGGER audit_is_appended_to BEFORE INSERT ON audit
WHEN NEW.number IS NOT (SELECT last + 1 FROM audit_chains WHERE guild_id = NEW.guild_id)
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only appended to');
END;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only appended to');
END;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
WHEN OLD.number >= (SELECT first FROM audit_chains WHERE guild_id = OLD.guild_id)
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only appended to');
END;
CREATE TRIGGER audit_texts_are_not_changed BEFORE UPDATE ON audit_texts
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only appended to');
END;
CREATE INDEX departures_by_time ON departures (left_at);
CREATE INDEX settings_log_by_guild ON settings_log (guild_id, id);
CREATE INDEX uploads_by_guild ON uploads (guild_id, at);
CREATE INDEX uploads_by_time ON uploads (at);
CREATE INDEX audit_by_time ON audit (guild_id, kind, at, actor, milliseconds);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('settings_log',8);
INSERT INTO "sqlite_sequence" VALUES('voices',5);
COMMIT;
PRAGMA user_version = 15;
