"""Voice connections: the pacer and one player per guild."""
