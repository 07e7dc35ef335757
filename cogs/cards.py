"""What members see, as pure functions of what is known."""

from __future__ import annotations

from collections.abc import Iterable

import discord
from discord.utils import format_dt

from bot.clip_need import ClipNeed
from bot.command_mentions import CommandNames
from bot.enrolment.types import QualityReport, Verdict
from bot.enrolment.words import background, loudness, pitch
from bot.languages import LANGUAGES
from bot.markup import literal
from bot.speech.types import VoiceSettings
from bot.speech.voice_settings import describe, settings_of
from storage.types import OPERATOR_GUILD_ID, VoiceProfile

PICTURE_NAME = "sample.png"
PICTURE_TEXT = "The waveform of the recording, with the part that counts marked"

ANY_LENGTH = ClipNeed()

NEUTRAL = discord.Colour(0x5B8DEF)
_COLOURS: dict[Verdict, discord.Colour] = {
    "good": discord.Colour(0x3BA55D),
    "usable": discord.Colour(0xFAA81A),
    "rejected": discord.Colour(0xED4245),
}
_VERDICTS: dict[Verdict, str] = {
    "good": "Good: this will make a clear voice.",
    "usable": "Usable: it works, a better recording would sound better.",
    "rejected": "This recording cannot be used.",
}
_CONSENT = (
    "Nothing is stored yet. Save it only if it is your own voice, or if the speaker has agreed: "
    "who saves it and when is kept with the voice. This card expires after 15 minutes."
)


def quoted(name: str) -> str:
    """Return a name as text: no markup in it counts."""
    return f"“{literal(name)}”"


def embed(title: str, text: str = "", colour: discord.Colour = NEUTRAL) -> discord.Embed:
    """Return an embed in the bot's colour."""
    return discord.Embed(title=title, description=text, colour=colour)


def sample_card(title: str, report: QualityReport) -> discord.Embed:
    """Return the card that asks whether to save; its picture is the attachment `PICTURE_NAME`."""
    card = _report_card(title, report)
    card.add_field(name="Kept", value=kept(report), inline=False)
    card.add_field(name="Measured", value=measured(report), inline=False)
    return card.set_footer(text=_CONSENT)


def rejection_card(message: str, report: QualityReport) -> discord.Embed:
    """Return the card that says why no voice can be made of a recording."""
    card = _report_card("No voice was made", report)
    if not report.findings:
        card.add_field(name="Why", value=message, inline=False)
    return card.set_footer(text="Nothing was stored.")


def saved_card(voice: VoiceProfile, command: CommandNames) -> discord.Embed:
    """Return what the card turns into when the voice is stored."""
    return embed(
        f"Saved {quoted(voice.name)}",
        f"Join a voice channel and try it: {command('say')}. It speaks for you from now on, unless "
        f"you choose another voice with {command('voice default')}. You can delete it at any time "
        f"with {command('voice delete')}.",
        _COLOURS["good"],
    )


def replaced_card(voice: VoiceProfile, command: CommandNames) -> discord.Embed:
    """Return what the card turns into when a voice has another recording."""
    text = "It speaks with the new recording from now on; its name and settings stay."
    if voice.former_until is not None:
        text += (
            f" {command('voice restore')} brings the former recording back for 7 days, until "
            f"{format_dt(voice.former_until, 'f')}."
        )
    return embed(f"Saved {quoted(voice.name)}", text, _COLOURS["good"])


def short_recording(voice: VoiceProfile, need: ClipNeed) -> str:
    """Return what is wrong with a recording that is too short for the model that speaks."""
    return f"its recording has {voice.seconds:.1f} s, and {need}"


def voice_card(
    voice: VoiceProfile, command: CommandNames, need: ClipNeed = ANY_LENGTH
) -> discord.Embed:
    """Return all that members may know about a voice. need: of the engine that is loaded."""
    card = embed(quoted(voice.name))
    again = f"{command('voice replace')} gives it a new one."
    if voice.damage:
        card.description = f"Its recording is damaged, so it cannot speak. {again}"
    elif need.refuses(voice.seconds):
        card.description = f"It cannot speak: {short_recording(voice, need)}. {again}"
    shared = voice.guild_id == OPERATOR_GUILD_ID
    owner = "my operator, for every server" if shared else _member(voice.owner_id)
    card.add_field(name="Belongs to", value=owner)
    card.add_field(name="Added", value=format_dt(voice.created_at, "D"))
    card.add_field(name="Used", value=_used(voice))
    card.add_field(name="Sample", value=_sample(voice))
    card.add_field(name="Language", value=_language(voice.language))
    card.add_field(name="Speaks with", value=describe(settings_of(voice)))
    if voice.consented_by is not None and voice.consented_at is not None:
        when = format_dt(voice.consented_at, "D")
        card.add_field(name="Consent", value=f"{_member(voice.consented_by)}, {when}")
    return card


def tuned(name: str, settings: VoiceSettings, language: str | None) -> str:
    """Return how a voice speaks, as a sentence."""
    spoken = f" {_language(language)}" if language else ""
    return f"{quoted(name)} speaks{spoken} with {describe(settings)}."


def restored(voice: VoiceProfile, command: CommandNames, need: ClipNeed = ANY_LENGTH) -> str:
    """Return what is said when a voice has its former recording again."""
    text = f"{quoted(voice.name)} has its former recording again ({voice.seconds:.1f} s)."
    if need.refuses(voice.seconds):
        text += f" It cannot speak: {short_recording(voice, need)}."
    if voice.former_until is None:
        return text
    until = format_dt(voice.former_until, "f")
    return f"{text} To undo that, use {command('voice restore')} once more, until {until}."


def notes(texts: Iterable[str]) -> str:
    """Return what is put in small print under an answer."""
    return "".join(f"\n-# {text}" for text in texts)


def voice_line(voice: VoiceProfile) -> str:
    """Return one line of the list of voices."""
    owner = "shared" if voice.guild_id == OPERATOR_GUILD_ID else _member(voice.owner_id)
    damaged = " · damaged" if voice.damage else ""
    return f"**{literal(voice.name)}** · {owner} · {voice.seconds:.0f} s{damaged}"


def kept(report: QualityReport) -> str:
    """Return which part of the upload is kept."""
    seconds = report.kept_end - report.kept_start
    return (
        f"{seconds:.1f} s of {report.total_seconds:.1f} s "
        f"(from {report.kept_start:.1f} s to {report.kept_end:.1f} s), "
        f"with {report.kept_speech_seconds:.1f} s of speech"
    )


def measured(report: QualityReport) -> str:
    """Return what was measured on the kept part."""
    known = []
    if report.snr_db is not None:
        known.append(f"background noise: {background(report.snr_db)}")
    if report.loudness_lufs is not None:
        known.append(f"loudness: {loudness(report.loudness_lufs)}")
    if report.median_pitch_hz is not None:
        known.append(f"pitch: {pitch(report.median_pitch_hz)}")
    return "\n".join(known) or "nothing"


def _report_card(title: str, report: QualityReport) -> discord.Embed:
    card = embed(title, _VERDICTS[report.verdict], _COLOURS[report.verdict])
    for finding in report.findings:
        card.add_field(name=finding.reason, value=finding.advice, inline=False)
    if report.origin:
        card.add_field(name="Listened to", value=report.origin, inline=False)
    return card.set_image(url=f"attachment://{PICTURE_NAME}")


def _member(user_id: int | None) -> str:
    return "nobody" if user_id is None else f"<@{user_id}>"


def _used(voice: VoiceProfile) -> str:
    if voice.last_used_at is None:
        return "not yet"
    times = "once" if voice.use_count == 1 else f"{voice.use_count} times"
    return f"{times}, last {format_dt(voice.last_used_at, 'R')}"


def _sample(voice: VoiceProfile) -> str:
    verdict = (voice.quality or {}).get("verdict")
    return f"{voice.seconds:.1f} s" + (f", {verdict}" if verdict else "")


def _language(code: str | None) -> str:
    return "not given" if code is None else LANGUAGES.get(code, code)
