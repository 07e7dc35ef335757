"""Every fault of the workers. A package, because spawned workers import a main module again."""
