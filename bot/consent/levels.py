"""How it is known that a speaker agreed, from what proves least to what proves most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bot.i18n import N_

if TYPE_CHECKING:  # it brings numpy, which the command line's completion has no time for
    from storage.types import Level

ORDER: tuple[Level, ...] = ("declared", "own message", "live", "spoken", "operator")
"""The operator answers for their own; no server's minimum is above that."""

NAMES: Mapping[Level, str] = {
    "declared": N_("declared"),
    "own message": N_("own voice message"),
    "live": N_("recorded live"),
    "spoken": N_("spoken live"),
    "operator": N_("operator's"),
}

MEANINGS: Mapping[Level, str] = {
    "declared": N_("a member clicked that they may"),
    "own message": N_("the member's own voice message"),
    "live": N_("recorded in the call, from the member's own connection"),
    "spoken": N_("recorded in the call, with the words that were asked for"),
    "operator": N_("added by my operator, who answers for it"),
}


def reaches(level: Level, minimum: Level) -> bool:
    """Whether a level is as good as a server asks for."""
    return ORDER.index(level) >= ORDER.index(minimum)
