"""What a member reads, as one of the words of table.md."""

from __future__ import annotations

from tests.cogs.access.uses import HIDDEN, Use

REFUSALS = {
    "hidden": HIDDEN,
    "not their message": "That message is not yours",
    "blocked": "You are blocked from using me",
    "not theirs": "is not yours",
    "owner alone": "Only its owner can choose the recording",
    "not shared": "is not shared with you",
    "not everybody's": "is not everybody's here",
    "paused": "is paused by its owner, so nobody can speak as it",
    "unknown": "There is no voice named",
    "admins only": "You need the permission Manage Server",
    "no voice": "You have no voice here yet",
    "author has none": "there is no voice for its author",
    "owner's pause": "was paused by its owner, who alone can take that back",
    "none": "There are none yet",
    "not of here": "This button is not of this server",
    "made here": "By whom and when, its voice's owner and those who manage",
    "cannot know": "**I cannot know.**",
}
"""A part of what is read, by the word for it."""


def outcome(use: Use, text: str) -> str:
    """Return the word; what is read where it is none of them.

    Where a use says nothing of its own when it works, whatever is no refusal is "yes".
    """
    if use.works and use.works in text:
        return "yes"
    for word, part in REFUSALS.items():
        if part in text:
            return word
    return f"? {text[:200]}" if use.works else "yes"
