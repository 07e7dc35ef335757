"""What `/say` and its like tell, as pure functions of what is known."""

from __future__ import annotations

import discord

from bot.i18n import N_, _, ngettext
from bot.markup import literal, named, one_line
from bot.voice.link import JoinOutcome, VocalChannel
from bot.voice.player import AFK, Ticket
from bot.voice.utterances import QueueEntry, Rank
from cogs.cards import embed, quoted

MAX_LINES = 10
"""Of the queue: an embed holds 4096 characters."""

MOST_WORDS = 100
"""Characters of each."""

NOTABLE_SECONDS = 5.0
"""A wait below this is no wait to tell of."""

CHATTER_MARK = "💬"
"""Before what is read aloud, in the list of the queue."""

_JOIN_TEXTS = {
    JoinOutcome.JOINED: N_("I am in {channel} now."),
    JoinOutcome.MOVED: N_("I am in {channel} now."),
    JoinOutcome.ALREADY_THERE: N_("I am in {channel} already."),
    JoinOutcome.BUSY_ELSEWHERE: N_(
        "I am speaking in another channel right now. Join me there, or wait until I am done."
    ),
    JoinOutcome.MAY_NOT_CONNECT: N_(
        "I may not join {channel}. Ask somebody who manages this server to give me the permissions "
        "View Channel and Connect there, or use another channel."
    ),
    JoinOutcome.MAY_NOT_SPEAK: N_(
        "I may not speak in {channel}. Ask somebody who manages this server to give me the "
        "permission Speak there, or use another channel."
    ),
    JoinOutcome.FULL: N_("{channel} is full. Make room for one more, or use another channel."),
    JoinOutcome.STAGE: N_("{channel} is a stage, where I would only listen. Use a voice channel."),
    JoinOutcome.AFK: AFK,
    JoinOutcome.TIMED_OUT: N_("Discord did not let me into {channel} in time. Try again."),
    JoinOutcome.REFUSED: N_("Discord refused my connection to {channel}. Try again."),
    JoinOutcome.ENCRYPTION_REFUSED: N_(
        "{channel} asks for an encryption that I lack. My operator has to update me."
    ),
    JoinOutcome.UNREACHABLE: N_(
        "I cannot reach Discord's voice servers right now. Try again soon."
    ),
    JoinOutcome.GONE: N_("That channel is gone. Choose another one."),
    JoinOutcome.SHUTTING_DOWN: N_("I am shutting down. Try again in a few minutes."),
}


def join_text(outcome: JoinOutcome, channel: VocalChannel) -> str:
    """Return what came of joining a channel."""
    return _(_JOIN_TEXTS[outcome]).format(channel=channel.mention)


def say_text(member: str, voice: str, ticket: Ticket) -> str:
    """Return the first answer to `/say`."""
    speaker = {"member": named(member), "voice": quoted(voice)}
    if ticket.held:
        return _("{member} speaks as {voice} when the recording here has ended.").format(**speaker)
    if ticket.before == 0 and ticket.seconds_before < NOTABLE_SECONDS:
        return _("{member} speaks as {voice}, right away.").format(**speaker)
    if ticket.before == 0:
        return _("{member} speaks as {voice}, in about {seconds} s.").format(
            seconds=round(ticket.seconds_before), **speaker
        )
    return ngettext(
        "{member} speaks as {voice} after one text, in about {seconds} s.",
        "{member} speaks as {voice} after {count} texts, in about {seconds} s.",
        ticket.before,
    ).format(count=ticket.before, seconds=max(1, round(ticket.seconds_before)), **speaker)


def queue_card(entries: tuple[QueueEntry, ...]) -> discord.Embed:
    """Return the queue as a list."""
    if not entries:
        return embed(_("Queue"), _("Nothing is waiting to be said."))
    lines = [_queue_line(place, entry) for place, entry in enumerate(entries[:MAX_LINES], 1)]
    if len(entries) > MAX_LINES:
        more = len(entries) - MAX_LINES
        lines.append(ngettext("… and {count} more", "… and {count} more", more).format(count=more))
    total = round(sum(entry.seconds_left for entry in entries))
    footer = _("About {seconds} s in all").format(seconds=total)
    if any(entry.rank is Rank.CHATTER for entry in entries[:MAX_LINES]):
        footer += f"\n{CHATTER_MARK} {_('read aloud; texts of commands go first')}"
    return embed(_("Queue"), "\n".join(lines)).set_footer(text=footer)


def _queue_line(place: int, entry: QueueEntry) -> str:
    mark = f"{CHATTER_MARK} " if entry.rank is Rank.CHATTER else ""
    told = _("{member} as {voice}: {words} ({seconds} s)").format(
        member=named(entry.webhook) if entry.webhook else f"<@{entry.member_id}>",
        voice=quoted(entry.voice_name),
        words=literal(one_line(entry.first_words, MOST_WORDS)),
        seconds=round(entry.seconds_left),
    )
    return f"{'▶' if entry.speaking else f'{place}.'} {mark}{told}"


def privacy_text(code: str) -> str:
    """Return the code as Discord's clients show it: 30 digits in groups of five."""
    digits = code.replace(" ", "")
    groups = " ".join(digits[start : start + 5] for start in range(0, len(digits), 5))
    told = _("The same as under Voice Details in your Discord? Then nobody listens in.")
    return f"`{groups}`\n{told}"
