-- How words are spoken. user_id: whose own entry it is; 0 is the guild's.
-- language: ISO 639-1 code of the texts that it is for; '' is all of them.
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

-- How often the entries of each were changed, so that what was read before is known to be old.
CREATE TABLE dictionary_versions (
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    user_id INTEGER NOT NULL CHECK (user_id >= 0),
    version INTEGER NOT NULL,
    PRIMARY KEY (guild_id, user_id)
) STRICT, WITHOUT ROWID;
