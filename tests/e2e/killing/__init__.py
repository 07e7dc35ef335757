"""Workers killed at random. A package, because spawned workers import a main module again."""
