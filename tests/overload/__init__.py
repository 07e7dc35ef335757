"""More than the engine can do."""
