"""The options that say how a voice speaks, for every command that has them."""

from __future__ import annotations

from discord import app_commands

from bot.languages import LANGUAGES
from bot.speech.voice_settings import ALL, CFG_WEIGHT, EXAGGERATION, SEED, TAKES, TEMPERATURE

Exaggeration = app_commands.Range[float, EXAGGERATION.lowest, EXAGGERATION.highest]
CfgWeight = app_commands.Range[float, CFG_WEIGHT.lowest, CFG_WEIGHT.highest]
Temperature = app_commands.Range[float, TEMPERATURE.lowest, TEMPERATURE.highest]
Seed = app_commands.Range[int, int(SEED.lowest), int(SEED.highest)]
Takes = app_commands.Range[int, int(TAKES.lowest), int(TAKES.highest)]

LANGUAGE_CHOICES = [app_commands.Choice(name=name, value=code) for code, name in LANGUAGES.items()]

MEANINGS = {
    name: f"{setting.meaning.capitalize()} ({setting.default_text} by default)"
    for name, setting in ALL.items()
}
"""What each setting does, by the name of its option."""

RENAMED = {name: setting.plain for name, setting in ALL.items() if setting.plain}
"""What a member calls a setting, where the model's own name for it says nothing to them."""
