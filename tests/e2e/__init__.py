"""The whole bot, from a member's command to what is heard in the voice channel."""
