"""Text in answers that Discord must show as it is."""

from __future__ import annotations

from discord.utils import escape_markdown


def literal(text: str) -> str:
    """Return what Discord shows as `text`: neither Markdown nor mentions in it count."""
    return escape_markdown(text).replace("<", "\\<")
