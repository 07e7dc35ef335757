"""How a part of the program is, in its own words; what looks after all of them reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "starting", "failing", "off"]
"""ok: it does its work. starting: it will, without anybody's help. failing: it does not, or has to
be tried again later. off: nobody needs it now, or it was ended."""


@dataclass(frozen=True, slots=True)
class Condition:
    """How one part is at the moment.

    reason: in plain words, of what is not as it should be; empty where nothing is to be said.
    since: when the state began, in s of `time.monotonic`; None where the part does not know.
    next_try: when the part tries again by itself, likewise; None where no try is set.
    restarts: how often it was lost and begun anew. last_error: why, the last time.
    for_members: what anybody may know of it, translatable; the reason may hold paths.
    """

    state: State
    reason: str = ""
    since: float | None = None
    next_try: float | None = None
    restarts: int = 0
    last_error: str = ""
    for_members: str = ""
