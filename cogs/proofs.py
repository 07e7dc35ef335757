"""What shows that a speaker agreed, as far as each way to record tells it."""

from __future__ import annotations

from datetime import UTC

import discord

from bot.consent.evidence import Evidence
from bot.consent.live import Asked, LiveSample
from bot.consent.proof import Proof
from bot.i18n import N_, _, locale
from cogs.ui import Interaction, guild_of

AGREE = N_("Save: I am the speaker or have the speaker's permission")
"""The label of the button; for a file, the statement that a member makes by pressing it."""

UNCHECKED = "no recogniser for this language is installed"


def declared(interaction: Interaction) -> Proof:
    """Return what an uploaded file shows: whatever the member says by pressing Save."""
    return Proof(
        Evidence("upload", "declared", _(AGREE), locale.get(), guild_of(interaction),
                 channel_id=interaction.channel_id)
    )  # fmt: skip


def own_message(interaction: Interaction, message: discord.Message) -> Proof:
    """Return what a voice message of the member's own shows: that their account recorded it."""
    return Proof(
        Evidence("message", "own message", _(AGREE), locale.get(), guild_of(interaction),
                 channel_id=message.channel.id, message_id=message.id)
    )  # fmt: skip


def recorded(
    guild_id: int, channel_id: int, asked: Asked, live: LiveSample, least_similarity: float
) -> Proof:
    """Return what a live recording shows. channel_id: the voice channel."""
    words, checked = live.words, live.words.outcome != "not checked"
    alike = live.similarity
    evidence = Evidence(
        way="live",
        level=live.level,
        statement=asked.text,
        language=asked.language,
        guild_id=guild_id,
        channel_id=channel_id,
        asked_at=asked.challenge.made_at.astimezone(UTC).isoformat(),
        words_asked=asked.challenge.words,
        words_heard=tuple(heard.word for heard in words.heard) if checked else None,
        words_recognised=words.matched,
        unchecked="" if checked else UNCHECKED,
        scores=tuple(round(heard.score, 3) for heard in words.heard) if checked else (),
        similarity=None if alike is None else round(alike, 4),
        threshold=None if alike is None else least_similarity,
        gaps=live.gaps,
        lost_seconds=round(live.lost_seconds, 3),
    )
    return Proof(evidence, live.sentence)
