"""`mynah demo`: the real bot in a Discord on this machine, heard by a member of a voice channel."""
