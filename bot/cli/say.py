"""`mynah say`: speak a text into a file."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import structlog
from rich.text import Text

from bot.cli.context import Context
from bot.cli.options import guild_option, language_option, voice_settings_options
from bot.cli.output import LOADING, print_facts, progress_steps, show_loading, stdout
from bot.files import check_output
from storage.errors import StorageError

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.speech.service import Utterance
    from bot.speech.types import EngineInfo, Speech, VoiceSettings
    from storage.types import VoiceProfile
    from storage.voices import VoiceStore

log = structlog.get_logger(__name__)

_PREVIEW = (
    "This is a preview: a stock voice at the speaker's pitch. Install Chatterbox to hear the voice "
    "itself (see README.md)."
)


@dataclass(frozen=True, slots=True)
class _Order:
    """What is asked for on the command line."""

    text: str
    voice_name: str
    guild_id: int
    output: Path
    language: str | None
    voice_settings: VoiceSettings


@dataclass(frozen=True, slots=True)
class _Spoken:
    """What was said and how long it took; times in seconds from the first request."""

    engine: EngineInfo
    speeches: tuple[Speech, ...]
    first_sentence_seconds: float
    total_seconds: float


@click.command()
@click.argument("text")
@click.option("--voice", "voice_name", required=True, metavar="NAME", help="Voice to speak with.")
@guild_option
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    default=Path("speech.wav"),
    show_default=True,
    metavar="OUT",
    help="File to write: .wav, .ogg (Opus, not encoded again) or .mp3.",
)
@language_option
@voice_settings_options
@click.pass_obj
def say(context: Context, /, **order: Any) -> None:
    """Speak TEXT in an enrolled voice and write it to a file."""
    spoken = asyncio.run(_say(context.settings, _Order(**order)))
    _report(spoken, order["output"])


async def _say(settings: Settings, order: _Order) -> _Spoken:
    from bot.app import open_media_worker, open_speech, open_store
    from bot.speech.audio_file import check_suffix, write_audio

    check_suffix(order.output)
    check_output(order.output)
    async with open_store(settings) as store, open_speech(settings) as (engine, service):
        profile = await store.find(order.guild_id, order.voice_name)
        await store.load_clip(profile)  # a damaged clip is reported before the engine loads
        total = len(service.plan(order.text, _language(order, profile)))
        speeches: list[Speech] = []
        with progress_steps(total) as show:
            show(LOADING, 0)
            info = await engine.start(show_loading(show))
            start = time.monotonic()
            first = 0.0
            show("Speaking ...", 0)
            async for speech in service.speak(_utterance(order, store, profile)):
                speeches.append(speech)
                first = first or time.monotonic() - start
                show("Speaking ...", len(speeches))
            took = time.monotonic() - start
            packets = [packet for speech in speeches for packet in speech.packets]
            async with open_media_worker(settings) as worker:
                await worker.run(write_audio, order.output, packets)
        await _mark_used(store, profile)
    return _Spoken(info, tuple(speeches), first, took)


async def _mark_used(store: VoiceStore, profile: VoiceProfile) -> None:
    try:
        await store.mark_used(profile.id)
    except StorageError as error:  # such as a full disk; the file is written all the same
        log.warning(
            "voice not marked as used", voice=profile.name, stage="command", error=str(error)
        )


def _utterance(order: _Order, store: VoiceStore, profile: VoiceProfile) -> Utterance:
    from bot.speech.service import Utterance
    from bot.speech.types import VoiceReference
    from bot.speech.voice_settings import settings_of

    return Utterance(
        order.text,
        VoiceReference(store.clip_path(profile), profile.clip_sha256, profile.pitch_hz),
        guild_id=order.guild_id,
        language=_language(order, profile),
        voice_settings=settings_of(profile),
        settings=order.voice_settings,
    )


def _language(order: _Order, profile: VoiceProfile) -> str | None:
    return order.language or profile.language


def _report(spoken: _Spoken, output: Path) -> None:
    from bot.speech.service import distinct_notes

    engine, speeches = spoken.engine, spoken.speeches
    audio_seconds = sum(speech.seconds for speech in speeches)
    print_facts(
        [
            ("engine", f"{engine.kind} ({engine.model}) on {engine.device}: {engine.reason}"),
            ("loaded in", f"{engine.load_seconds:.2f} s"),
            ("sentences", _sentences(speeches)),
            ("audio", f"{audio_seconds:.2f} s"),
            ("first sentence", f"after {spoken.first_sentence_seconds:.2f} s"),
            ("real-time factor", f"{spoken.total_seconds / audio_seconds:.2f}"),
            ("time", _times(speeches)),
            ("written to", str(output)),
        ]
    )
    notes = distinct_notes(speeches)
    for note in notes if engine.clones else (_PREVIEW, *notes):
        stdout().print(Text(note, style="yellow"), soft_wrap=True)


def _sentences(speeches: Sequence[Speech]) -> str:
    again = sum(speech.retries > 0 for speech in speeches)
    return f"{len(speeches)}, {again} of them spoken again" if again else str(len(speeches))


def _times(speeches: Sequence[Speech]) -> str:
    """Where the time went, in the order of the work, over all sentences."""
    seconds: dict[str, float] = {}
    for speech in speeches:
        for name, spent in speech.timings.items():
            seconds[name] = seconds.get(name, 0.0) + spent
    return ", ".join(f"{name} {spent:.2f} s" for name, spent in seconds.items())
