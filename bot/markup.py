"""Text in answers that Discord must show as it is."""

from __future__ import annotations

import re
import unicodedata

from bot.i18n import _

MAX_NAME = 32
"""As many characters as Discord lets a member's name have."""

# Discord shows what stands behind a backslash as it is, if that is no letter, digit or space. Own
# code, because discord.py's escape_markdown takes "[text](link)" as one piece and leaves what is in
# it, so that a name such as "[```](x)" would open a block of code; it also leaves addresses alone.
_MARKUP = re.compile(r"[\\*_~`|<\[\]]|@(?=everyone|here)|(?<=[a-z]):(?=//)", re.IGNORECASE)
_BEGINNING = re.compile(
    r"^(\s*)(>(?=>>|\s)|#(?=#{0,2}\s)|[+-](?=#?\s)|\d{1,9}(?=[.)]\s))", re.MULTILINE
)
"""What makes a line a quotation, a heading, small print or an item of a list."""

# Unicode's embeddings, overrides and isolates (UAX 9): they reach beyond the name that has them.
_TURNS = dict.fromkeys([*range(0x202A, 0x202F), 0x2066, 0x2067])
_ISOLATE, _END_OF_ISOLATE = "\u2068", "\u2069"
_ISOLATES = dict.fromkeys([ord(_ISOLATE), ord(_END_OF_ISOLATE)])
_FROM_THE_RIGHT = frozenset({"R", "AL", "AN"})


def literal(text: str) -> str:
    """Return what Discord shows as `text`: neither Markdown, addresses nor mentions in it count.

    Nor does what would turn the direction of all that follows; control characters go.
    """
    visible = "".join(c for c in text if c in "\n\t" or not _breaks(c))
    escaped = _MARKUP.sub(r"\\\g<0>", without_turns(visible))
    return isolated(_BEGINNING.sub(_escaped_beginning, escaped))


def without_turns(text: str) -> str:
    """Return a text that changes the direction of none after it; letters keep their own."""
    text = text.translate(_TURNS)
    return text if _is_balanced(text) else text.translate(_ISOLATES)


def isolated(text: str) -> str:
    """Return a text that leaves the order of what stands around it alone (UAX 9, FSI and PDI)."""
    if any(unicodedata.bidirectional(character) in _FROM_THE_RIGHT for character in text):
        return f"{_ISOLATE}{text}{_END_OF_ISOLATE}"
    return text


def one_line(name: str, most: int = MAX_NAME) -> str:
    """Return a name that somebody else gave, as a piece of a line: without breaks, and not longer.

    For where Discord reads no Markdown, such as menus; else `named` or `literal` follows.
    """
    visible = "".join(" " if _breaks(character) else character for character in name)
    plain = " ".join(without_turns(visible).split())
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"


def quoted(name: str, most: int = MAX_NAME) -> str:
    """Return the name of a voice, or what somebody wrote, in the language's quotation marks."""
    return _("“{name}”").format(name=literal(one_line(name, most)))


def named(name: str) -> str:
    """Return the name of somebody who is no member, and so cannot be mentioned."""
    return f"**{literal(one_line(name))}**"


def _escaped_beginning(found: re.Match[str]) -> str:
    space, mark = found.groups()
    return f"{space}{mark}\\" if mark[0].isdigit() else f"{space}\\{mark}"


def _is_balanced(text: str) -> bool:
    """Whether each isolate that a text begins ends in it, and none else."""
    depth = 0
    for character in text:
        depth += (character == _ISOLATE) - (character == _END_OF_ISOLATE)
        if depth < 0:
            return False
    return depth == 0


def _breaks(character: str) -> bool:
    """Whether a character ends a line or is a control character."""
    return unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs")
