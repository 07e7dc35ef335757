"""From an upload to a reference clip: decode, find speech, choose, rate."""
