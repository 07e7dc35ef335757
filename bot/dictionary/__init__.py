"""How words are spoken: entries, matching, import and export."""
