"""Reading chat aloud, free of Discord: from a message to what is said, in whose voice."""
