"""`/dictionary`: how words are spoken."""
