"""`mynah voices tune`: how a voice speaks."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from bot.cli.completion import voice_argument
from bot.cli.context import Context
from bot.cli.lookup import find_own, with_store
from bot.cli.options import (
    delivery_options,
    guild_option,
    language_option,
    option_name,
    voice_settings_options,
)
from bot.cli.output import print_facts, print_line
from bot.cli.voices.words import meaning
from bot.speech.delivery import DeliverySettings
from bot.speech.models import MODELS
from bot.speech.setting_table import EVERY, measure, number
from bot.speech.types import VoiceSettings
from bot.speech.voice_settings import (
    delivery_of,
    setting_notes,
    settings_of,
    takes_notes,
)

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.speech.types import ChatterboxModel
    from storage.types import VoiceProfile
    from storage.voices import VoiceStore


@click.command()
@voice_argument(own=True)
@guild_option
@voice_settings_options
@delivery_options
@language_option
@click.option("--reset", is_flag=True, help="Go back to the defaults first.")
@click.pass_obj
def tune(
    context: Context,
    name: str,
    guild_id: int,
    voice_settings: VoiceSettings,
    delivery: DeliverySettings,
    language: str | None,
    reset: bool,
) -> None:
    """Set or show how the voice NAME speaks.

    What is not named stays as it is; without any setting nothing changes.
    """

    async def work(store: VoiceStore) -> VoiceProfile:
        profile = await find_own(store, guild_id, name)
        current, heard = settings_of(profile), delivery_of(profile)
        settings = voice_settings if reset else voice_settings.over(current)
        wanted = delivery if reset else delivery.over(heard)
        if (settings, wanted) == (current, heard) and language in (None, profile.language):
            return profile
        spoken = language or profile.language
        values = asdict(settings) | asdict(wanted)
        return await store.tune(profile.id, **values, language=spoken)

    profile = with_store(context, work, any_key=True)
    settings = asdict(settings_of(profile)) | asdict(delivery_of(profile))
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
    about = EVERY[name]
    shown = f"{about.default_text} (default)" if value is None else measure(name, value)
    bounds = f"{number(about.lowest)} to {measure(name, about.highest)}"
    return f"{shown:<22} {bounds}, {option_name(name, about)}"
