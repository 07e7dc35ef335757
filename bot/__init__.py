"""Mynah: a self-hosted Discord bot that speaks in the voices of the people on a server."""

__version__ = "0.1.0"
