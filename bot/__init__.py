"""Mynah: a self-hosted Discord bot that speaks in the voices of the people on a server."""
