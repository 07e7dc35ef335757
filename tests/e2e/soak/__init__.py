"""Random use. A package, because spawned workers import a main module again."""
