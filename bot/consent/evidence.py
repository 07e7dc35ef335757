"""What is kept of a consent: what was asked, what was heard, and what could be checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from storage.types import Level

Way = Literal["live", "message", "upload"]
"""How the recording came: in the call, as the member's own voice message, as a file."""

FORMAT = 1
"""Of the record; a later version of Mynah reads the former ones."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The record of one consent, as it is stored with the recording that it is about.

    statement, language: the sentence as it was shown, and the language that it was shown in.
    guild_id, channel_id, message_id: Discord ids of where it was given; channel: the voice channel
        of a live recording, else where the command was used; message: the member's voice message.
    asked_at: ISO 8601 in UTC: when the statement was shown. When it was agreed to, and by whom, is
        kept beside the record.
    words_asked: that the statement ends with; words_heard: those of them that seem to be there;
        None where nothing was checked. words_recognised: how many of them certainly are.
    unchecked: why the words were not checked, in English; empty where they were.
    scores: how well each heard word fits, from 0 to 1.
    similarity, threshold: of consent sentence and kept part, 0 to 1, and what was demanded; None
        where the engine cannot compare speakers.
    gaps, lost_seconds: stretches of the recording that were lost on the way, and their sum in s.
    """

    way: Way
    level: Level
    statement: str
    language: str
    guild_id: int
    channel_id: int | None = None
    message_id: int | None = None
    asked_at: str | None = None
    words_asked: tuple[str, ...] = ()
    words_heard: tuple[str, ...] | None = None
    words_recognised: int = 0
    unchecked: str = ""
    scores: tuple[float, ...] = ()
    similarity: float | None = None
    threshold: float | None = None
    gaps: int = 0
    lost_seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the record as a JSON object."""
        return {"format": FORMAT, **asdict(self)}


def evidence_of(record: Mapping[str, Any]) -> Evidence:
    """Return a stored record as it was written.

    Raises ValueError for one that this version did not write, such as an empty one.
    """
    names = {field.name for field in fields(Evidence)}
    known = {name: value for name, value in record.items() if name in names}
    if record.get("format") != FORMAT:
        raise ValueError(f"format {record.get('format')!r} instead of {FORMAT}")
    for name in ("words_asked", "words_heard", "scores"):
        if isinstance(known.get(name), list):
            known[name] = tuple(known[name])
    try:
        return Evidence(**known)
    except TypeError as error:
        raise ValueError(str(error)) from error
