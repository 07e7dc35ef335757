-- What happened, never changed: a chain of hashes per guild (0: the operator's), see bot/audit/.
-- actor, subject: pseudonyms of members, so that a member can be forgotten and the chain stays whole.
CREATE TABLE audit (
    guild_id INTEGER NOT NULL CHECK (guild_id >= 0),
    number INTEGER NOT NULL CHECK (number > 0),
    at TEXT NOT NULL CHECK (at GLOB '????-??-??T*+00:00'),
    kind TEXT NOT NULL CHECK (kind <> ''),
    actor TEXT,
    subject TEXT,
    voice_id INTEGER,
    data TEXT NOT NULL CHECK (json_valid(data)),
    hash TEXT NOT NULL CHECK (length(hash) = 64),
    PRIMARY KEY (guild_id, number)
) STRICT, WITHOUT ROWID;

-- Which member a pseudonym stands for. Whoever is forgotten has no row any more.
CREATE TABLE audit_members (
    pseudonym TEXT NOT NULL PRIMARY KEY CHECK (pseudonym <> ''),
    guild_id INTEGER NOT NULL CHECK (guild_id >= 0),
    user_id INTEGER NOT NULL CHECK (user_id > 0),
    UNIQUE (guild_id, user_id)
) STRICT, WITHOUT ROWID;

-- Where each chain begins and ends, so that missing first and last rows show.
-- first: the number of the oldest row that is kept. before: the hash of the one before it.
CREATE TABLE audit_chains (
    guild_id INTEGER NOT NULL PRIMARY KEY CHECK (guild_id >= 0),
    first INTEGER NOT NULL CHECK (first > 0),
    before TEXT NOT NULL,
    last INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT, WITHOUT ROWID;
