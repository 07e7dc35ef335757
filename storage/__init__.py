"""Voices on disk: clips as compressed pickles, indexed in SQLite. Imports nothing else of Mynah."""
