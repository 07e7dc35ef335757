"""What is stored about a voice, in the words of the command line."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from bot.speech.delivery import DeliverySettings
from bot.speech.setting_table import EVERY, measure
from bot.speech.types import VoiceSettings

if TYPE_CHECKING:
    from bot.clip_need import ClipNeed
    from storage.access import VoiceAccess
    from storage.types import VoiceProfile


def server(guild_id: int) -> str:
    """Return whose a voice is."""
    return str(guild_id) if guild_id else "operator"


def too_short(voice: VoiceProfile, need: ClipNeed) -> str:
    """Return what is wrong with a voice whose recording is too short for the model; or nothing."""
    if not need.lacks(voice.seconds):
        return ""
    guild = f" --guild {voice.guild_id}" if voice.guild_id else ""
    return (
        f"“{voice.name}” has a recording of {voice.seconds:.1f} s; {need}. Give it a longer one: "
        f"mynah voices replace {shlex.quote(voice.name)} FILE{guild}"
    )


def reach_in_words(access: VoiceAccess) -> str:
    """Return who may speak as a voice; of members and roles their ids, as Discord has them."""
    if access.owner is None:
        return "everybody on its server" if access.guild_id else "everybody on every server"
    if access.reach != "named":
        return {"owner": "its owner alone", "everybody": "everybody on its server"}[access.reach]
    members, roles = (" ".join(map(str, sorted(ids))) for ids in (access.members, access.roles))
    return f"its owner; members: {members or 'none'}; roles: {roles or 'none'}"


def paused_in_words(access: VoiceAccess) -> str:
    """Return who paused a voice."""
    who = (("its owner", access.paused_by_owner), ("an admin", access.paused_by_admin))
    return " and ".join(f"by {name}" for name, paused in who if paused) or "no"


def pitch(pitch_hz: float | None) -> str:
    """Return a median pitch."""
    return f"{pitch_hz:.0f} Hz" if pitch_hz else "-"


def date(moment: datetime | None) -> str:
    """Return a moment in the machine's time zone, to the minute."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment else "never"


def speaks(settings: VoiceSettings, delivery: DeliverySettings) -> str:
    """Return how a voice was set to speak; the names of the options stand behind what they do."""
    values = asdict(settings) | asdict(delivery)
    given = {name: value for name, value in values.items() if value is not None}
    told = [f"{meaning(name)}: {measure(name, value)} ({name})" for name, value in given.items()]
    return "; ".join(told) or "the model's defaults"


def meaning(name: str) -> str:
    """Return what a setting does, in a few words."""
    return EVERY[name].meaning.partition(";")[0]
