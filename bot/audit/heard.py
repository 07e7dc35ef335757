"""From what a player sent to the audit trail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from bot.audit.events import Spoken
from bot.audit.trail import AuditTrail
from bot.speech.types import PACKET_SECONDS
from bot.voice.track import Track
from bot.voice.utterances import Rank, SayRequest, UtteranceEnd
from storage.audit_rows import By, now


class Identified(Protocol):
    """A user of Discord."""

    @property
    def id(self) -> int:
        """Their id."""


def record_heard(
    audit: AuditTrail,
    bot_user: Callable[[], Identified | None],
    guild_id: int,
    request: SayRequest,
    track: Track,
    end: UtteranceEnd,
) -> None:
    """Have written down what was sent of a text that has ended. Never waits, never fails.

    bot_user: asks for what nobody wrote, such as that somebody joined.
    """
    at, bot, sent = now(), bot_user(), track.sent_hash  # not the track: its packets take memory

    def tell() -> Spoken:
        # Not before: the pacer may be sending one more packet while a text is being skipped.
        return Spoken(
            by=_who(request, bot.id if bot is not None else None),
            voice_id=request.voice_id,
            owner_id=request.owner_id,
            milliseconds=round(sent.count * PACKET_SECONDS * 1000),
            packets_sha256=sent.hexdigest(),
            way="say" if request.rank is Rank.SAY else "read",
            at=at,
            channel_id=request.channel_id,
            webhook=request.webhook is not None,
            end=end.name.lower(),
            text=request.text,
        )

    audit.spoken(guild_id, tell)


def _who(request: SayRequest, bot_id: int | None) -> By:
    if request.webhook is not None:
        return None
    return "bot" if request.member_id == bot_id else request.member_id
