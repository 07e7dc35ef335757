-- Who may speak as a voice: its owner alone, named members and roles, or everybody on the server.
-- Voices from before were everybody's.
ALTER TABLE voices ADD COLUMN reach TEXT NOT NULL DEFAULT 'everybody'
    CHECK (reach IN ('owner', 'named', 'everybody'));
-- When it was stopped, by its owner and by an admin; each takes back their own alone.
ALTER TABLE voices ADD COLUMN paused_by_owner_at TEXT
    CHECK (paused_by_owner_at GLOB '????-??-??T*+00:00');
ALTER TABLE voices ADD COLUMN paused_by_admin_at TEXT
    CHECK (paused_by_admin_at GLOB '????-??-??T*+00:00');
-- Counts changes of who may speak as it, so that what was decided before is known to be old.
ALTER TABLE voices ADD COLUMN access_version INTEGER NOT NULL DEFAULT 0;

CREATE TABLE voice_members (
    voice_id INTEGER NOT NULL REFERENCES voices (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL CHECK (user_id > 0),
    PRIMARY KEY (voice_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE voice_roles (
    voice_id INTEGER NOT NULL REFERENCES voices (id) ON DELETE CASCADE,
    role_id INTEGER NOT NULL CHECK (role_id > 0),
    PRIMARY KEY (voice_id, role_id)
) STRICT, WITHOUT ROWID;

-- Whom an owner lets use none of their voices on a server, however these are shared.
CREATE TABLE voice_blocks (
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    owner_id INTEGER NOT NULL CHECK (owner_id > 0),
    blocked_id INTEGER NOT NULL CHECK (blocked_id > 0),
    PRIMARY KEY (guild_id, owner_id, blocked_id)
) STRICT, WITHOUT ROWID;
