"""What members see of consent: the sentence to say, the bar, and what was checked."""

from __future__ import annotations

import discord

from bot.consent.evidence import Evidence
from bot.consent.live import Asked
from bot.consent.recognition import can_check
from bot.consent.recording import LiveRecording, RecordingState
from bot.i18n import N_, _, listed, ngettext
from bot.markup import literal
from cogs.cards import NEUTRAL, embed, level_text

BAR_WIDTH = 16
TALK_SECONDS = 15

_RED = discord.Colour(0xED4245)
_DEAF = N_(
    "I am deafened, as always: I hear nobody. From the press on Start recording to Stop, at most "
    "{seconds} seconds, I hear you and nobody else."
)
_KEPT = N_(
    "Nothing is stored yet. Save keeps the recording and, as evidence, the sentence as you said "
    "it, the words, who saved it and when; all of it goes with the voice. This card expires after "
    "15 minutes."
)


def asked_card(title: str, asked: Asked, seconds: float, problem: str = "") -> discord.Embed:
    """Return the card before a live recording. problem: why the last try came to nothing."""
    card = embed(title, problem, _RED if problem else NEUTRAL)
    _add_sentence(card, asked)
    card.add_field(name=_("2. Then go on talking"), value=_talk(), inline=False)
    card.add_field(name=_("What is checked"), value=_will_check(asked.language), inline=False)
    card.add_field(name=_("Who is heard"), value=_(_DEAF).format(seconds=round(seconds)))
    return card.set_footer(text=_("Nothing is stored before you press Save."))


def recording_card(title: str, asked: Asked, recording: LiveRecording) -> discord.Embed:
    """Return the card while somebody records."""
    waiting = recording.state is RecordingState.WAITING
    text = _("I am listening. Say the sentence now.") if waiting else _bar_lines(recording)
    card = embed(title, text, _RED)
    _add_sentence(card, asked)
    return card.add_field(name=_("2. Then go on talking"), value=_talk(), inline=False)


def working_card(title: str) -> discord.Embed:
    """Return the card while a recording is looked at."""
    return embed(title, _("I am deafened again, and look at what I heard. That takes a moment."))


def bar(level: float) -> str:
    """Return a level from 0 to 1 as a bar."""
    filled = round(max(0.0, min(level, 1.0)) * BAR_WIDTH)
    return "▰" * filled + "▱" * (BAR_WIDTH - filled)


def checked_lines(evidence: Evidence) -> list[str]:
    """Return what was checked of a live recording, a line each."""
    if evidence.way != "live":
        return []
    return [_words_line(evidence), *_similarity_lines(evidence), *_gap_lines(evidence)]


def add_consent(card: discord.Embed, evidence: Evidence) -> discord.Embed:
    """Put what a sample proves, and what was checked, on its card."""
    lines = [level_text(evidence.level), *checked_lines(evidence)]
    if evidence.way == "live":
        card.set_footer(text=_(_KEPT))
    return card.add_field(name=_("Consent"), value="\n".join(lines), inline=False)


def _add_sentence(card: discord.Embed, asked: Asked) -> None:
    card.add_field(name=_("1. Read this aloud"), value=f"**{literal(asked.text)}**", inline=False)


def _talk() -> str:
    return ngettext(
        "Talk about anything for {count} second: what you see, what you did today. Use headphones, "
        "so that only you are heard.",
        "Talk about anything for {count} seconds: what you see, what you did today. Use "
        "headphones, so that only you are heard.",
        TALK_SECONDS,
    ).format(count=TALK_SECONDS)


def _will_check(language: str) -> str:
    if can_check(language):
        return _("Whether the last four words are heard, in that order.")
    return _(
        "Nothing: what recognises words is not here, or not for this language. The recording is "
        "kept as recorded live, without checked words."
    )


def _bar_lines(recording: LiveRecording) -> str:
    heard = _("{seconds:.0f} s of speech heard, {left:.0f} s left.").format(
        seconds=recording.seconds, left=max(0.0, recording.limits.seconds - recording.elapsed)
    )
    return f"{bar(recording.level)}\n{heard}"


def _words_line(evidence: Evidence) -> str:
    if evidence.words_heard is None:
        return _("The words were not checked: what recognises them is not here for this language.")
    asked = listed(evidence.words_asked)
    if evidence.level == "spoken":
        return _("The words were heard: {words}.").format(words=asked)
    return ngettext(
        "The words were not heard: I asked for {words}, and recognised {count} of them.",
        "The words were not heard: I asked for {words}, and recognised {count} of them.",
        evidence.words_recognised,
    ).format(words=asked, count=evidence.words_recognised)


def _similarity_lines(evidence: Evidence) -> list[str]:
    if evidence.similarity is None or evidence.threshold is None:
        return []
    values = {"similarity": evidence.similarity, "least": evidence.threshold}
    if evidence.similarity < evidence.threshold:
        text = _(
            "The sentence and the rest sound like two people ({similarity:.2f}; at least "
            "{least:.2f} is needed)."
        )
    else:
        text = _("The sentence and the rest sound like one person ({similarity:.2f}).")
    return [text.format(**values)]


def _gap_lines(evidence: Evidence) -> list[str]:
    if not evidence.gaps:
        return []
    text = ngettext(
        "{count} gap, {seconds:.2f} s in all, was lost on the way.",
        "{count} gaps, {seconds:.2f} s in all, were lost on the way.",
        evidence.gaps,
    )
    return [text.format(count=evidence.gaps, seconds=evidence.lost_seconds)]
