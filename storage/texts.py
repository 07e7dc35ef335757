"""Texts that may hold what a damaged or hostile file says, made fit for messages, rows and logs."""

from __future__ import annotations

MAX_TEXT = 200
"""Characters of such a text that are kept."""


def excerpt(text: str, limit: int = MAX_TEXT) -> str:
    """Return a text on one line, without control characters, cut to `limit` characters."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(c if c.isprintable() else "\ufffd" for c in cut)


def whose(guild_id: int) -> str:
    """Return for an operator whose something is that is stored for a guild; 0 is their own."""
    return f"server {guild_id}" if guild_id else "the operator's"
