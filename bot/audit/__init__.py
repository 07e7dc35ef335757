"""What happened, in a trail that shows when it was tampered with; where a recording came from."""
