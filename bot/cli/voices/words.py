"""What is stored about a voice, in the words of the command line."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from bot.speech.types import VoiceSettings
from bot.speech.voice_settings import ALL, number


def server(guild_id: int) -> str:
    """Return whose a voice is."""
    return str(guild_id) if guild_id else "operator"


def pitch(pitch_hz: float | None) -> str:
    """Return a median pitch."""
    return f"{pitch_hz:.0f} Hz" if pitch_hz else "-"


def date(moment: datetime | None) -> str:
    """Return a moment in the machine's time zone, to the minute."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment else "never"


def speaks(settings: VoiceSettings) -> str:
    """Return how a voice was set to speak; the names of the options stand behind what they do."""
    given = {name: value for name, value in asdict(settings).items() if value is not None}
    told = [f"{meaning(name)}: {number(value)} ({name})" for name, value in given.items()]
    return "; ".join(told) or "the model's defaults"


def meaning(name: str) -> str:
    """Return what a setting does, in a few words."""
    return ALL[name].meaning.partition(";")[0]
