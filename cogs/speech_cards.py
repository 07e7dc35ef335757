"""What `/say` and its like tell, as pure functions of what is known."""

from __future__ import annotations

import discord

from bot.markup import literal
from bot.voice.link import JoinOutcome, VocalChannel
from bot.voice.player import AFK, Ticket
from bot.voice.utterances import QueueEntry
from cogs.cards import embed, quoted

MAX_LINES = 10
"""Of the queue: an embed holds 4096 characters."""

_JOIN_TEXTS = {
    JoinOutcome.JOINED: "I am in {channel} now.",
    JoinOutcome.MOVED: "I am in {channel} now.",
    JoinOutcome.ALREADY_THERE: "I am in {channel} already.",
    JoinOutcome.BUSY_ELSEWHERE: (
        "I am speaking in another channel right now. Join me there, or wait until I am done."
    ),
    JoinOutcome.MAY_NOT_CONNECT: (
        "I may not join {channel}. Ask somebody who manages this server to give me the permissions "
        "View Channel and Connect there, or use another channel."
    ),
    JoinOutcome.MAY_NOT_SPEAK: (
        "I may not speak in {channel}. Ask somebody who manages this server to give me the "
        "permission Speak there, or use another channel."
    ),
    JoinOutcome.FULL: "{channel} is full. Make room for one more, or use another channel.",
    JoinOutcome.STAGE: "{channel} is a stage, where I would only listen. Use a voice channel.",
    JoinOutcome.AFK: AFK,
    JoinOutcome.TIMED_OUT: "Discord did not let me into {channel} in time. Try again.",
    JoinOutcome.REFUSED: "Discord refused my connection to {channel}. Try again.",
    JoinOutcome.ENCRYPTION_REFUSED: (
        "{channel} asks for an encryption that I lack. My operator has to update me."
    ),
    JoinOutcome.UNREACHABLE: "I cannot reach Discord's voice servers right now. Try again soon.",
    JoinOutcome.GONE: "That channel is gone. Choose another one.",
    JoinOutcome.SHUTTING_DOWN: "I am shutting down. Try again in a few minutes.",
}


def join_text(outcome: JoinOutcome, channel: VocalChannel) -> str:
    """Return what came of joining a channel."""
    return _JOIN_TEXTS[outcome].format(channel=channel.mention)


def say_text(member: str, voice: str, ticket: Ticket) -> str:
    """Return the first answer to `/say`."""
    speaker = f"**{literal(member)}** speaks as {quoted(voice)}"
    if ticket.before == 0:
        return f"{speaker}, right away."
    others = "one text" if ticket.before == 1 else f"{ticket.before} texts"
    return f"{speaker} after {others}, in about {max(1, round(ticket.seconds_before))} s."


def queue_card(entries: tuple[QueueEntry, ...]) -> discord.Embed:
    """Return the queue as a list."""
    if not entries:
        return embed("Queue", "Nothing is waiting to be said.")
    lines = [
        f"{'▶' if entry.speaking else f'{place}.'} <@{entry.member_id}> as "
        f"{quoted(entry.voice_name)}: {literal(entry.first_words)} "
        f"({round(entry.seconds_left)} s)"
        for place, entry in enumerate(entries[:MAX_LINES], 1)
    ]
    if len(entries) > MAX_LINES:
        lines.append(f"… and {len(entries) - MAX_LINES} more")
    total = round(sum(entry.seconds_left for entry in entries))
    return embed("Queue", "\n".join(lines)).set_footer(text=f"About {total} s in all")


def privacy_text(code: str) -> str:
    """Return the code as Discord's clients show it: 30 digits in groups of five."""
    digits = code.replace(" ", "")
    groups = " ".join(digits[start : start + 5] for start in range(0, len(digits), 5))
    return f"`{groups}`\nThe same as under Voice Details in your Discord? Then nobody listens in."
