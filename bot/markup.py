"""Text in answers that Discord must show as it is."""

from __future__ import annotations

from discord.utils import escape_markdown

MAX_NAME = 32
"""As many characters as Discord lets a member's name have."""


def literal(text: str) -> str:
    """Return what Discord shows as `text`: neither Markdown nor mentions in it count."""
    return escape_markdown(text).replace("<", "\\<")


def named(name: str) -> str:
    """Return the name of somebody who is no member, and so cannot be mentioned."""
    return f"**{literal(name[:MAX_NAME])}**"
