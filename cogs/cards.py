"""What members see, as pure functions of what is known."""

from __future__ import annotations

import io
from collections.abc import Iterable

import discord
from discord.utils import format_dt

from bot import markup
from bot.clip_need import ClipNeed
from bot.command_mentions import CommandNames
from bot.consent.levels import MEANINGS, NAMES
from bot.enrolment.types import QualityReport, Verdict
from bot.enrolment.words import background, loudness, pitch
from bot.i18n import N_, Translatable, _, listed, ngettext, pgettext, translated
from bot.languages import LANGUAGES
from bot.speech.delivery import DeliverySettings
from bot.speech.types import VoiceSettings
from bot.speech.voice_settings import delivery_of, describe, settings_of
from storage.types import OPERATOR_GUILD_ID, Level, VoiceProfile

PICTURE_NAME = "sample.png"
PICTURE_TEXT = N_("The waveform of the recording, with the part that counts marked")

SYNTHETIC = N_("Synthetic speech: a machine speaks, not the person.")
"""What everything says that carries speech, and every voice that is new."""

ANY_LENGTH = ClipNeed()

NEUTRAL = discord.Colour(0x5B8DEF)
_COLOURS: dict[Verdict, discord.Colour] = {
    "good": discord.Colour(0x3BA55D),
    "usable": discord.Colour(0xFAA81A),
    "rejected": discord.Colour(0xED4245),
}
_VERDICTS: dict[Verdict, str] = {
    "good": N_("Good: this will make a clear voice."),
    "usable": N_("Usable: it works, a better recording would sound better."),
    "rejected": N_("This recording cannot be used."),
}
_GRADES: dict[str, str] = {"good": N_("good"), "usable": N_("usable")}
_CONSENT = N_(
    "Nothing is stored yet. Save it only if it is your own voice, or if the speaker has agreed: "
    "who saves it and when is kept with the voice. This card expires after 15 minutes."
)


def quoted(name: str) -> str:
    """Return a name as text: no markup in it counts."""
    return markup.quoted(name)


def embed(title: str, text: str = "", colour: discord.Colour = NEUTRAL) -> discord.Embed:
    """Return an embed in the bot's colour."""
    return discord.Embed(title=title, description=text, colour=colour)


def picture(png: bytes) -> discord.File:
    """Return the picture of a sample as the attachment that its card shows."""
    return discord.File(io.BytesIO(png), PICTURE_NAME, description=_(PICTURE_TEXT))


def sample_card(title: str, report: QualityReport) -> discord.Embed:
    """Return the card that asks whether to save; its picture is the attachment `PICTURE_NAME`."""
    card = _report_card(title, report)
    card.add_field(name=_("Kept"), value=kept(report), inline=False)
    card.add_field(name=_("Measured"), value=measured(report), inline=False)
    return card.set_footer(text=_(_CONSENT))


def rejection_card(message: str, report: QualityReport) -> discord.Embed:
    """Return the card that says why no voice can be made of a recording."""
    card = _report_card(_("No voice was made"), report)
    if not report.findings:
        card.add_field(name=_("Why"), value=message, inline=False)
    return card.set_footer(text=_("Nothing was stored."))


def saved_card(voice: VoiceProfile, command: CommandNames) -> discord.Embed:
    """Return what the card turns into when the voice is stored."""
    text = _(
        "Join a voice channel and try it: {say}. It speaks for you from now on, unless "
        "you choose another voice with {default}. You can delete it at any time "
        "with {delete}."
    ).format(say=command("say"), default=command("voice default"), delete=command("voice delete"))
    everybodys = _("Everybody here can speak as it; {share} changes that.")
    own = _("Only you can speak as it; {share} changes that.")
    reach = everybodys if voice.reach == "everybody" else own
    text += "\n\n" + reach.format(share=command("voice share"))
    return _saved_card(voice, text)


def replaced_card(voice: VoiceProfile, command: CommandNames) -> discord.Embed:
    """Return what the card turns into when a voice has another recording."""
    text = _("It speaks with the new recording from now on; its name and settings stay.")
    if voice.former_until is not None:
        text += " " + _(
            "{restore} brings the former recording back for 7 days, until {time}."
        ).format(restore=command("voice restore"), time=format_dt(voice.former_until, "f"))
    return _saved_card(voice, text)


def _synthetic(card: discord.Embed) -> discord.Embed:
    return card.set_footer(text=_(SYNTHETIC))


def _saved_card(voice: VoiceProfile, text: str) -> discord.Embed:
    title = _("Saved {voice}").format(voice=quoted(voice.name))
    card = embed(title, text, _COLOURS["good"])
    card.add_field(name=_("Consent"), value=level_text(voice.level), inline=False)
    return _synthetic(card)


def short_recording(voice: VoiceProfile, need: ClipNeed) -> Translatable:
    """Return what is wrong with a recording that is too short for the model that speaks."""
    return Translatable(
        "its recording has {seconds:.1f} s, and {need}", seconds=voice.seconds, need=need.in_words
    )


def voice_card(
    voice: VoiceProfile, command: CommandNames, need: ClipNeed = ANY_LENGTH
) -> discord.Embed:
    """Return all that members may know about a voice. need: of the engine that is loaded."""
    card = embed(quoted(voice.name))
    again = _("{replace} gives it a new one.").format(replace=command("voice replace"))
    if voice.damage:
        card.description = f"{_('Its recording is damaged, so it cannot speak.')} {again}"
    elif need.refuses(voice.seconds):
        card.description = f"{_cannot_speak(voice, need)} {again}"
    shared = voice.guild_id == OPERATOR_GUILD_ID
    owner = _("my operator, for every server") if shared else _member(voice.owner_id)
    card.add_field(name=_("Belongs to"), value=owner)
    card.add_field(name=pgettext("voice", "Added"), value=format_dt(voice.created_at, "D"))
    card.add_field(name=_("Used"), value=_used(voice))
    card.add_field(name=_("Sample"), value=_sample(voice))
    card.add_field(name=_("Language"), value=_language(voice.language))
    set_to = describe(settings_of(voice), delivery_of(voice))
    card.add_field(name=_("Speaks with"), value=translated(set_to))
    card.add_field(name=_("Consent"), value=_consent(voice), inline=False)
    return _synthetic(card)


def tuned(
    name: str, settings: VoiceSettings, delivery: DeliverySettings, language: str | None
) -> str:
    """Return how a voice speaks, as a sentence."""
    told = {"voice": quoted(name), "settings": translated(describe(settings, delivery))}
    if not language:
        return _("{voice} speaks with {settings}.").format(**told)
    spoken = _language(language)
    return _("{voice} speaks {language} with {settings}.").format(language=spoken, **told)


def restored(voice: VoiceProfile, command: CommandNames, need: ClipNeed = ANY_LENGTH) -> str:
    """Return what is said when a voice has its former recording again."""
    text = _("{voice} has its former recording again ({seconds:.1f} s).").format(
        voice=quoted(voice.name), seconds=voice.seconds
    )
    if need.refuses(voice.seconds):
        text += f" {_cannot_speak(voice, need)}"
    if voice.former_until is None:
        return text
    undo = _("To undo that, use {restore} once more, until {time}.").format(
        restore=command("voice restore"), time=format_dt(voice.former_until, "f")
    )
    return f"{text} {undo}"


def _cannot_speak(voice: VoiceProfile, need: ClipNeed) -> str:
    return _("It cannot speak: {reason}.").format(reason=translated(short_recording(voice, need)))


def notes(texts: Iterable[str]) -> str:
    """Return what is put in small print under an answer."""
    return "".join(f"\n-# {translated(text)}" for text in texts)


def voice_line(voice: VoiceProfile) -> str:
    """Return one line of the list of voices."""
    owner = _("shared") if voice.guild_id == OPERATOR_GUILD_ID else _member(voice.owner_id)
    seconds = _("{seconds:.0f} s").format(seconds=voice.seconds)
    parts = (
        markup.named(voice.name),
        owner,
        seconds,
        _(NAMES[voice.level]),
        *([_("only its owner")] if voice.owner_id and voice.reach == "owner" else []),
        *([_("paused")] if voice.paused else []),
        *([_("damaged")] if voice.damage else []),
    )
    return " · ".join(parts)


def kept(report: QualityReport) -> str:
    """Return which part of the upload is kept."""
    seconds = report.kept_end - report.kept_start
    return _(
        "{seconds:.1f} s of {total:.1f} s (from {start:.1f} s to {end:.1f} s), "
        "with {speech:.1f} s of speech"
    ).format(
        seconds=seconds,
        total=report.total_seconds,
        start=report.kept_start,
        end=report.kept_end,
        speech=report.kept_speech_seconds,
    )


def measured(report: QualityReport) -> str:
    """Return what was measured on the kept part."""
    known = []
    if report.snr_db is not None:
        noise = translated(background(report.snr_db))
        known.append(_("background noise: {noise}").format(noise=noise))
    if report.loudness_lufs is not None:
        level = translated(loudness(report.loudness_lufs))
        known.append(_("loudness: {loudness}").format(loudness=level))
    if report.median_pitch_hz is not None:
        height = translated(pitch(report.median_pitch_hz))
        known.append(_("pitch: {pitch}").format(pitch=height))
    return "\n".join(known) or _("nothing")


def _report_card(title: str, report: QualityReport) -> discord.Embed:
    card = embed(title, _(_VERDICTS[report.verdict]), _COLOURS[report.verdict])
    for finding in report.findings:
        reason, advice = translated(finding.reason), translated(finding.advice)
        card.add_field(name=reason, value=advice, inline=False)
    if report.origin:
        card.add_field(name=_("Listened to"), value=translated(report.origin), inline=False)
    return card.set_image(url=f"attachment://{PICTURE_NAME}")


def _member(user_id: int | None) -> str:
    return _("nobody") if user_id is None else f"<@{user_id}>"


def level_text(level: Level) -> str:
    """Return what a level of consent is called and what it means."""
    return f"**{_(NAMES[level])}**: {_(MEANINGS[level])}"


def _consent(voice: VoiceProfile) -> str:
    if voice.consented_by is None or voice.consented_at is None:
        return level_text(voice.level)
    when = format_dt(voice.consented_at, "D")
    return f"{_member(voice.consented_by)}, {when}\n{level_text(voice.level)}"


def _used(voice: VoiceProfile) -> str:
    if voice.last_used_at is None:
        return _("not yet")
    return ngettext("once, last {time}", "{count} times, last {time}", voice.use_count).format(
        count=voice.use_count, time=format_dt(voice.last_used_at, "R")
    )


def _sample(voice: VoiceProfile) -> str:
    verdict = (voice.quality or {}).get("verdict")
    seconds = _("{seconds:.1f} s").format(seconds=voice.seconds)
    return listed((seconds, *([_(_GRADES.get(verdict, verdict))] if verdict else [])))


def _language(code: str | None) -> str:
    return _("not given") if code is None else _(LANGUAGES.get(code, code))
