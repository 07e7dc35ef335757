"""The options that say how a voice speaks, for every command that has them."""

from __future__ import annotations

from discord import app_commands

from bot.languages import LANGUAGES
from bot.speech.delivery import FASTEST, LOUDEST_DB, SLOWEST, SOFTEST_DB
from bot.speech.setting_table import (
    CFG_WEIGHT,
    EVERY,
    EXAGGERATION,
    SEED,
    TAKES,
    TEMPERATURE,
)

Exaggeration = app_commands.Range[float, EXAGGERATION.lowest, EXAGGERATION.highest]
CfgWeight = app_commands.Range[float, CFG_WEIGHT.lowest, CFG_WEIGHT.highest]
Temperature = app_commands.Range[float, TEMPERATURE.lowest, TEMPERATURE.highest]
Seed = app_commands.Range[int, int(SEED.lowest), int(SEED.highest)]
Takes = app_commands.Range[int, int(TAKES.lowest), int(TAKES.highest)]
Speed = app_commands.Range[float, SLOWEST, FASTEST]
Volume = app_commands.Range[float, SOFTEST_DB, LOUDEST_DB]

LANGUAGE_CHOICES = [app_commands.Choice(name=name, value=code) for code, name in LANGUAGES.items()]

MEANINGS = {
    name: f"{setting.meaning.capitalize()} ({setting.default_text} by default)"
    for name, setting in EVERY.items()
}
"""What each setting does, by the name of its option."""

RENAMED = {name: setting.plain for name, setting in EVERY.items() if setting.plain}
"""What a member calls a setting, where the model's own name for it says nothing to them."""
