"""What lies in the data directory under which name."""

DATABASE_NAME = "mynah.db"
CLIPS_NAME = "clips"
LOST_NAME = "lost"
RESERVE_NAME = "reserve.bin"
LOCK_NAME = "mynah.lock"
"""Locked by whoever uses the directory; see `storage.use_lock`."""

LOG_NAMES = (f"{DATABASE_NAME}-wal", f"{DATABASE_NAME}-shm", f"{DATABASE_NAME}-journal")
"""What SQLite puts beside the database; without it the latest changes are lost."""

SOCKET_NAME = "mynah.sock"
"""Where a running bot answers; see `bot.operations.control_socket`."""

PROCESSES_NAME = "mynah.processes"
"""Who runs the bot, for which shards; see `storage.process_lock`."""

READY_NAME = "restored.ready"
"""A restored state that is whole and takes the place of what lies there; see
`storage.backups.installing`."""

OURS = (
    DATABASE_NAME, *LOG_NAMES, CLIPS_NAME, LOST_NAME, RESERVE_NAME, LOCK_NAME, SOCKET_NAME,
    PROCESSES_NAME, READY_NAME,
)  # fmt: skip
"""All of these; nothing else may be written there, and where none is, the directory is not ours."""
