"""What lies in the data directory under which name."""

DATABASE_NAME = "mynah.db"
CLIPS_NAME = "clips"
LOST_NAME = "lost"
RESERVE_NAME = "reserve.bin"
