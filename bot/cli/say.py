"""`mynah say`: speak a text into a file, or into a program that reads it."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from bot.cli.as_json import json_option, print_json
from bot.cli.completion import voice_names
from bot.cli.context import Context
from bot.cli.destination import STDOUT, Destination
from bot.cli.explain import explain
from bot.cli.lookup import find_voice, settings_beside
from bot.cli.options import (
    delivery_options,
    force_option,
    guild_option,
    language_option,
    voice_settings_options,
)
from bot.cli.output import LOADING, print_warning, progress_steps, show_loading
from bot.cli.say_report import Spoken, document, print_report
from bot.errors import UserError
from bot.speech.audio_formats import AudioFormat, format_of
from bot.speech.types import ChatterboxModel, EngineKind
from storage.errors import StorageError

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.speech.delivery import Delivery, DeliverySettings
    from bot.speech.service import SpeechService, Utterance
    from bot.speech.types import VoiceSettings
    from storage.types import VoiceProfile
    from storage.voices import VoiceStore

MOST_BYTES = 1024 * 1024
"""Of a text from standard input; `speech.max_characters` allows less."""


@dataclass(frozen=True, slots=True)
class _Order:
    """What is asked for on the command line."""

    text: str
    voice_name: str
    guild_id: int
    destination: Destination
    audio_format: AudioFormat
    language: str | None
    voice_settings: VoiceSettings
    delivery: DeliverySettings


@click.command()
@click.argument("text")
@click.option(
    "--voice",
    "voice_name",
    metavar="NAME",
    shell_complete=voice_names,
    help="Voice to speak with; must be given.",
)
@guild_option
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, writable=True, allow_dash=True, path_type=Path),
    metavar="OUT",
    help="File to write: .wav, .ogg (Opus, not encoded again), .flac or .mp3. -: standard output. "
    "Default: speech.wav, or speech (2).wav.",
)
@click.option(
    "--format",
    "audio_format",
    type=click.Choice(get_args(AudioFormat)),
    help="Format, where no file name says it. Default: wav.",
)
@force_option
@language_option
@voice_settings_options
@delivery_options
@json_option
@click.option(
    "--explain",
    "only_explain",
    is_flag=True,
    help="Only print what the engine would be asked to say, a piece a line. Needs no --voice.",
)
@click.option(
    "--engine",
    type=click.Choice(get_args(EngineKind)),
    help="With --explain: for which engine. Default: the one that would speak.",
)
@click.option(
    "--model",
    type=click.Choice(get_args(ChatterboxModel)),
    metavar="MODEL",
    help="With --explain: for which model of Chatterbox. Default: the configured one.",
)
@click.pass_obj
def say(
    context: Context,
    /,
    text: str,
    output: Path | None,
    audio_format: AudioFormat | None,
    force: bool,
    as_json: bool,
    voice_name: str | None,
    only_explain: bool,
    engine: EngineKind | None,
    model: ChatterboxModel | None,
    **order: Any,
) -> None:
    """Speak TEXT in an enrolled voice and write it to a file.

    TEXT - is read from standard input. A text that begins with a dash stands after --.
    """
    if only_explain:
        if engine == "piper" and model is not None:
            raise click.UsageError("--model names one of Chatterbox's, and --engine is piper.")
        explain(context.settings, _text(text), order["language"], engine, model)
        return
    for option, given in (("--engine", engine), ("--model", model)):
        if given is not None:
            raise click.UsageError(
                f"{option} goes with --explain. The configuration chooses engine and model."
            )
    if voice_name is None:
        raise click.UsageError("Missing option --voice. All voices: mynah voices")
    written_as = _format(output, audio_format)
    path = output or Path(f"speech.{written_as}")
    destination = Destination(path, named=output is not None, force=force)
    if as_json and destination.is_stdout:
        raise click.UsageError("Standard output takes either the audio or the JSON: name a file.")
    destination.check(context.own_files)
    wanted = _Order(
        _text(text), voice_name, destination=destination, audio_format=written_as, **order
    )
    spoken, content = asyncio.run(_say(context.settings, wanted))
    written = destination.write(content)
    if as_json:
        print_json(document(spoken, written, written_as))
    else:
        print_report(spoken, written, err=destination.is_stdout)


def _format(output: Path | None, audio_format: AudioFormat | None) -> AudioFormat:
    if output is None or output == STDOUT:
        return audio_format or "wav"
    named = format_of(output)
    if audio_format not in (None, named):
        raise click.UsageError(f"{output.name} is a name for {named}, not for {audio_format}.")
    return named


def _text(text: str) -> str:
    return text if text != "-" else _read_text()


def _read_text() -> str:
    """Read standard input to its end. Raises `UserError`."""
    if sys.stdin is None:
        raise UserError("Standard input is closed. Give the text on the command line.")
    if sys.stdin.isatty():
        click.echo("Type the text; Ctrl-D on a line of its own ends it.", err=True)
    content = sys.stdin.buffer.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise UserError("Standard input has more than 1 MB of text. Speak it in parts.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UserError("Standard input is no text in UTF-8. Convert it first.") from None


async def _say(settings: Settings, order: _Order) -> tuple[Spoken, bytes]:
    """Return what was spoken and the bytes of its file."""
    from bot.app import open_media_worker, open_speech, open_store
    from bot.speech.audio_file import audio_bytes

    async with (
        open_store(settings) as store,
        open_speech(settings, store.clips) as (engine, service),
    ):
        profile = await find_voice(store, order.guild_id, order.voice_name)
        await store.load_clip(profile)  # a damaged clip is reported before the engine loads
        guild = await _guild_delivery(store, order.guild_id)
        utterance = await service.planned(_utterance(order, store, profile, guild))
        with progress_steps() as show:
            show(LOADING, 0)
            info = await engine.start(show_loading(show))
        utterance = await service.planned(utterance)  # for the model that was loaded
        with progress_steps(len(utterance.sentences or ())) as show:
            show("Speaking ...", 0)
            asked = utterance.settings.over(utterance.voice_settings)
            spoken = Spoken(profile, info, asked, utterance.delivery)
            await _speak(service, utterance, spoken, show)
            async with open_media_worker(settings, decodes=False) as worker:
                content = await worker.run(audio_bytes, spoken.packets(), order.audio_format)
        await _count_use(store, profile)
        await _record(store, order, spoken)
    return spoken, content


async def _speak(service: SpeechService, utterance: Utterance, spoken: Spoken, show: Any) -> None:
    start = time.monotonic()
    async for speech in service.speak(utterance):
        spoken.speeches.append(speech)
        spoken.total_seconds = time.monotonic() - start
        spoken.first_sentence_seconds = spoken.first_sentence_seconds or spoken.total_seconds
        show("Speaking ...", len(spoken.speeches))


async def _count_use(store: VoiceStore, profile: VoiceProfile) -> None:
    try:
        await store.mark_used(profile.id)
    except StorageError as error:  # no reason to lose what was spoken
        print_warning(f"The use of “{profile.name}” was not counted. {error}")


async def _record(store: VoiceStore, order: _Order, spoken: Spoken) -> None:
    """Write into the audit trail what the file holds, so that it is known where it came from."""
    from bot.audit.events import Spoken as SpokenEvent
    from bot.speech.types import PACKET_SECONDS
    from storage.audit import AuditStore
    from storage.audit_rows import OPERATOR, packets_hash

    packets = spoken.packets()
    event = SpokenEvent(
        by=OPERATOR,
        voice_id=spoken.voice.id,
        owner_id=spoken.voice.owner_id,
        milliseconds=round(len(packets) * PACKET_SECONDS * 1000),
        packets_sha256=packets_hash(packets),
        way="file",
        text=order.text,
    )
    try:
        keeps_text = (await settings_beside(store).guild(order.guild_id)).audit_texts
        row = (event if keeps_text else event.without_text()).row()
        await AuditStore(store.database, store.keys).append(order.guild_id, [row])
    except StorageError as error:  # no reason to lose what was spoken
        print_warning(f"It was not written into the audit trail. {error}")


async def _guild_delivery(store: VoiceStore, guild_id: int) -> Delivery:
    """Return how a guild has texts delivered; the operator's number has nothing set."""
    from bot.settings.delivery import guild_delivery

    return guild_delivery(await settings_beside(store).guild(guild_id))


def _utterance(
    order: _Order, store: VoiceStore, profile: VoiceProfile, guild: Delivery
) -> Utterance:
    from bot.speech.delivery import combined
    from bot.speech.service import Utterance
    from bot.speech.types import VoiceReference
    from bot.speech.voice_settings import delivery_of, settings_of

    return Utterance(
        order.text,
        VoiceReference(
            store.clip_path(profile), profile.clip_sha256, profile.pitch_hz, profile.language
        ),
        guild_id=order.guild_id,
        language=_language(order, profile),
        voice_settings=settings_of(profile),
        settings=order.voice_settings,
        delivery=combined(guild, delivery_of(profile), text=order.delivery),
    )


def _language(order: _Order, profile: VoiceProfile) -> str | None:
    return order.language or profile.language
