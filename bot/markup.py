"""Text in answers that Discord must show as it is."""

from __future__ import annotations

from discord.utils import escape_markdown

MAX_NAME = 32
"""As many characters as Discord lets a member's name have."""


# Unicode's embeddings, overrides and isolates (UAX 9): they reach beyond the name that has them.
_TURNS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def literal(text: str) -> str:
    """Return what Discord shows as `text`: neither Markdown nor mentions in it count.

    Nor does what would turn the direction of all that follows.
    """
    return escape_markdown(without_turns(text)).replace("<", "\\<")


def without_turns(text: str) -> str:
    """Return a text that changes the direction of none after it; letters keep their own."""
    return text.translate(_TURNS)


def named(name: str) -> str:
    """Return the name of somebody who is no member, and so cannot be mentioned."""
    return f"**{literal(name[:MAX_NAME])}**"
