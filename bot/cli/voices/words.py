"""What is stored about a voice, in the words of the command line."""

from __future__ import annotations

from datetime import datetime


def server(guild_id: int) -> str:
    """Return whose a voice is."""
    return str(guild_id) if guild_id else "operator"


def pitch(pitch_hz: float | None) -> str:
    """Return a median pitch."""
    return f"{pitch_hz:.0f} Hz" if pitch_hz else "-"


def date(moment: datetime | None) -> str:
    """Return a moment in the machine's time zone, to the minute."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment else "never"
