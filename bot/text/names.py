"""What mentions stand for: the names that the server shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.text.marks import collapse_letters, plain_characters

MAX_NAME = 100
"""Characters of a name that are said; Discord's longest names."""

_NOT_IN_NAMES = re.compile(r"[^\w\s'&+#-]|_")
_LONE_SIGNS = re.compile(r"(?<!\w)[-'&+#]+(?!\w)|-{2,}")


@dataclass(frozen=True, slots=True)
class Names:
    """Who and what the ids in a text are, and when it was typed.

    members, roles, channels: names by id, as the server shows them; what is missing is read as
    "someone", "a role", "a channel". typed_at: what "in two hours" counts from.
    """

    members: Mapping[int, str] = field(default_factory=dict)
    roles: Mapping[int, str] = field(default_factory=dict)
    channels: Mapping[int, str] = field(default_factory=dict)
    typed_at: datetime = field(default_factory=lambda: datetime.now(UTC))


def clean_name(name: str) -> str:
    """Return a name as it is said: words and their signs alone, without emoji; may be empty."""
    plain = collapse_letters(plain_characters(name[:MAX_NAME]))
    spaced = _LONE_SIGNS.sub(" ", _NOT_IN_NAMES.sub(" ", plain))
    return " ".join(spaced.split())
