-- What happened, never changed: a chain of hashes per guild (0: the operator's); storage/audit_rows.py
-- says what is hashed. actor, subject: pseudonyms of members, or who is none ('operator', 'bot').
-- milliseconds, packets_sha256: of what was spoken. data: JSON, without ids of members and without
-- texts, which lie in the tables below, from which they can go while the chain stays whole.
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

CREATE INDEX audit_by_voice ON audit (voice_id, guild_id, number) WHERE voice_id IS NOT NULL;
CREATE INDEX audit_by_packets ON audit (packets_sha256) WHERE packets_sha256 IS NOT NULL;

-- Where each chain begins and ends, so that missing first and last rows show.
-- first: the number of the oldest row that is kept. before: the hash of the one before it.
-- last, hash: of the newest row. seal: these four as they were when somebody with the key wrote last,
-- sealed; see storage/audit_seal.py.
CREATE TABLE audit_chains (
    guild_id INTEGER NOT NULL PRIMARY KEY CHECK (guild_id >= 0),
    first INTEGER NOT NULL CHECK (first > 0),
    before TEXT NOT NULL CHECK (length(before) = 64),
    last INTEGER NOT NULL CHECK (last >= first - 1),
    hash TEXT NOT NULL CHECK (length(hash) = 64),
    seal BLOB
) STRICT, WITHOUT ROWID;

-- Which member a pseudonym stands for; whoever is forgotten has no row any more. The pseudonym is a
-- hash over salt, guild and member: it shows when another member is put in their place, and says
-- nothing once the salt is gone. newest: the number of the last row that names it.
CREATE TABLE audit_members (
    guild_id INTEGER NOT NULL CHECK (guild_id >= 0),
    user_id INTEGER NOT NULL CHECK (user_id > 0),
    salt TEXT NOT NULL CHECK (length(salt) = 32),
    pseudonym TEXT NOT NULL CHECK (length(pseudonym) = 32),
    newest INTEGER NOT NULL,
    PRIMARY KEY (guild_id, user_id),
    UNIQUE (guild_id, pseudonym)
) STRICT, WITHOUT ROWID;

-- The texts of a row: names of voices and, where a guild wants it, what was said. The row has the hash
-- over salt and text.
CREATE TABLE audit_texts (
    guild_id INTEGER NOT NULL CHECK (guild_id >= 0),
    number INTEGER NOT NULL,
    part TEXT NOT NULL CHECK (part <> ''),
    salt TEXT NOT NULL CHECK (length(salt) = 32),
    text TEXT NOT NULL,
    PRIMARY KEY (guild_id, number, part)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_is_appended_to BEFORE INSERT ON audit
WHEN NEW.number IS NOT (SELECT last + 1 FROM audit_chains WHERE guild_id = NEW.guild_id)
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only appended to');
END;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only appended to');
END;

-- Rows before the chain's first go when they are old; all go with the chain itself.
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
WHEN OLD.number >= (SELECT first FROM audit_chains WHERE guild_id = OLD.guild_id)
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only appended to');
END;

CREATE TRIGGER audit_texts_are_not_changed BEFORE UPDATE ON audit_texts
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only appended to');
END;
