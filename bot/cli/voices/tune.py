"""`mynah voices tune`: how a voice speaks."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from bot.cli.completion import voice_argument
from bot.cli.context import Context
from bot.cli.lookup import find_own, with_store
from bot.cli.options import guild_option, language_option, voice_settings_options
from bot.cli.output import print_facts, print_line
from bot.cli.voices.words import meaning
from bot.speech.models import MODELS
from bot.speech.types import VoiceSettings
from bot.speech.voice_settings import ALL, number, setting_notes, settings_of, takes_notes

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.speech.types import ChatterboxModel
    from storage.types import VoiceProfile
    from storage.voices import VoiceStore


@click.command()
@voice_argument(own=True)
@guild_option
@voice_settings_options
@language_option
@click.option("--reset", is_flag=True, help="Go back to the model's defaults first.")
@click.pass_obj
def tune(
    context: Context,
    name: str,
    guild_id: int,
    voice_settings: VoiceSettings,
    language: str | None,
    reset: bool,
) -> None:
    """Set or show how the voice NAME speaks.

    What is not named stays as it is; without any setting nothing changes.
    """

    async def work(store: VoiceStore) -> VoiceProfile:
        profile = await find_own(store, guild_id, name)
        current = settings_of(profile)
        settings = voice_settings if reset else voice_settings.over(current)
        if settings == current and language in (None, profile.language):
            return profile
        spoken = language or profile.language
        return await store.tune(
            profile.id,
            **asdict(settings),
            language=spoken,
            speed=profile.speed,
            volume_db=profile.volume_db,
        )

    profile = with_store(context, work)
    settings = asdict(settings_of(profile))
    facts = [(meaning(name), _setting(name, value)) for name, value in settings.items()]
    print_facts([*facts, ("language", profile.language or "-")])
    for note in _notes(context.settings, settings_of(profile)):
        print_line((note, "yellow"))


def _notes(configuration: Settings, settings: VoiceSettings) -> tuple[str, ...]:
    """Return what the engine that would speak makes little or nothing of, and what takes cost."""
    from bot.app import installed_engine

    kind = installed_engine(configuration)
    if kind is None:
        return ()
    if kind == "piper":
        return setting_notes("preview", settings)
    cost = takes_notes(settings, None, configuration.engine.decode)
    return _model_notes(configuration, settings) + cost


def _model_notes(configuration: Settings, settings: VoiceSettings) -> tuple[str, ...]:
    """Return what Chatterbox's model makes little or nothing of.

    Which one `auto` takes is looked up, in seconds, only where it makes a difference.
    """
    from bot.app import chosen_model

    configured = configuration.engine.model
    possible: list[ChatterboxModel] = list(MODELS) if configured == "auto" else [configured]
    notes = {model: setting_notes(model, settings) for model in possible}
    if not any(notes.values()):
        return ()
    chosen = asyncio.run(chosen_model(configuration))
    return notes[chosen] if chosen is not None else ()


def _setting(name: str, value: float | None) -> str:
    about = ALL[name]
    shown = f"{about.default_text} (default)" if value is None else number(value)
    option = f"--{name.replace('_', '-')}"
    return f"{shown:<20} {number(about.lowest)} to {number(about.highest)}, {option}"
