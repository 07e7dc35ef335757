"""What `/read` and "Speak this" tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import discord

from bot.i18n import _, listed, ngettext
from bot.reading.sessions import Session
from bot.voice.utterances import QueueEntry, Rank
from cogs.cards import embed

PORTAL = "https://discord.com/developers/applications"

MAX_REASONS = 5
"""Of messages that were not read, those that came most often."""


def mentions(channel_ids: Iterable[int]) -> str:
    """Return channels to click."""
    return listed(f"<#{channel_id}>" for channel_id in channel_ids)


def started(channel_ids: Iterable[int], voice_channel_id: int) -> str:
    """Return what is read where from now on."""
    return _("I read {channels} aloud in {voice}.").format(
        channels=mentions(channel_ids), voice=f"<#{voice_channel_id}>"
    )


def own_voices_only(enroll: str) -> str:
    """Return who is read where there is no voice for everybody. enroll: the command for one."""
    return _("Who has no voice here is not read: {enroll} makes one.").format(enroll=enroll)


def unseen(channel_id: int) -> str:
    """Return why a channel cannot be read."""
    return _(
        "I may not see {channel}. Ask somebody who manages this server to give me the permission "
        "View Channel there."
    ).format(channel=f"<#{channel_id}>")


def not_in_thread() -> str:
    """Return why a private thread cannot be read."""
    return _("I am not in this private thread. Mention me in it, which adds me, and try again.")


def without_intent(bot_name: str, application_id: int | None) -> str:
    """Return how to have something read where Discord does not tell what is written."""
    page = f"{PORTAL}/{application_id}/bot" if application_id is not None else PORTAL
    return _(
        "Discord shows me only messages that mention me: write “@{name} hello”, reply to me, or "
        "use Apps > Speak this on a message. To have everything read, my operator switches on the "
        "Message Content Intent ({link}) and discord.message_content."
    ).format(name=bot_name, link=f"<{page}>")


def status(session: Session, queue: Iterable[QueueEntry], reads_all: bool) -> discord.Embed:
    """Return what is read where, how much waits, and what was not read."""
    chatter = [entry for entry in queue if entry.rank is Rank.CHATTER]
    card = embed(_("Reading aloud"), started(session.channels, session.voice_channel_id))
    card.add_field(name=_("What"), value=way(reads_all), inline=False)
    seconds = sum(entry.seconds_left for entry in chatter)
    card.add_field(name=_("Waiting"), value=waiting(len(chatter), seconds), inline=False)
    if session.skipped:
        name = _("Not read since I began")
        card.add_field(name=name, value=skipped(session.skipped), inline=False)
    return card.set_footer(text=_("Reading ends when I leave the voice channel."))


def way(reads_all: bool) -> str:
    """Return what is read of a channel."""
    if reads_all:
        return _("every message")
    return _("messages that mention me, replies to me, and “Speak this”")


def waiting(texts: int, seconds: float) -> str:
    """Return how much waits."""
    if texts == 0:
        return _("nothing")
    return ngettext(
        "one message, about {seconds} s", "{count} messages, about {seconds} s", texts
    ).format(count=texts, seconds=max(1, round(seconds)))


def skipped(reasons: Counter[str]) -> str:
    """Return how many messages were not read, and why."""
    lines = [f"{count} × {_(str(reason))}" for reason, count in reasons.most_common(MAX_REASONS)]
    return "\n".join(lines)


def nothing_read(session: Session | None, read: str) -> str:
    """Return that nothing is read. read: the command that begins it; session: one that waits."""
    if session is not None:
        return _(
            "I lost the connection to {voice}. When I am back there I go on reading {channels}; "
            "{read} calls me at once."
        ).format(
            voice=f"<#{session.voice_channel_id}>", channels=mentions(session.channels), read=read
        )
    return _("I read nothing here. {read} begins; reading ends when I leave the call.").format(
        read=read
    )
