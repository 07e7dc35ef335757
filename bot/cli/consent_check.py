"""What `mynah check` says of what is checked about a recording before it becomes a voice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.cli.output import counted

if TYPE_CHECKING:
    from bot.config import Settings
    from storage.types import VoiceProfile

MAX_LISTED = 10


class NotAllCheckedError(Exception):
    """Something that the configuration asks for cannot be done, or is stored against it."""


async def consent_facts(settings: Settings) -> str:
    """Say what can be checked here. Raises `NotAllCheckedError` with all of it."""
    from bot.app import installed_engine, open_store
    from bot.cli.lookup import all_voices
    from bot.consent.recognition import installed

    compares = installed_engine(settings) == "chatterbox"
    facts = [_words(installed()), _speakers(compares=compares), _watermark()]
    async with open_store(settings) as store:
        wanting = _listed_voices(settings, await all_voices(store, None))
    clips, unused = await asyncio.to_thread(_clips, settings, compares)
    told = ". ".join([*facts, _names(settings), *clips, *wanting, *unused])
    if wanting or unused:
        raise NotAllCheckedError(told)
    return told


def _words(installed: bool) -> str:
    if installed:
        return "words that are spoken live are checked in English, not in other languages"
    return (
        "words that are spoken live are not checked, and no voice gets the level “spoken live”: "
        'the extra consent is not installed (pip install "mynah-bot[consent]")'
    )


def _speakers(*, compares: bool) -> str:
    if compares:
        return "one speaker: compared while Chatterbox is loaded"
    return "one speaker: not checked, which takes Chatterbox"


def _watermark() -> str:
    from importlib.util import find_spec

    if all(find_spec(name) for name in ("perth", "torch")):
        return "synthetic speech: PerTh's watermark is looked for"
    return "synthetic speech: not looked for, which takes PerTh (it comes with Chatterbox)"


def _names(settings: Settings) -> str:
    return f"{counted(len(settings.enrolment.no_go_names), 'pattern')} in no_go_names"


def _listed_voices(settings: Settings, profiles: Sequence[VoiceProfile]) -> list[str]:
    from bot.consent.no_go import NoGoNames

    names = NoGoNames(settings.enrolment.no_go_names)
    held = [f"“{voice.name}” ({voice.guild_id})" for voice in profiles if names.holds(voice.name)]
    if not held:
        return []
    more = f" and {len(held) - MAX_LISTED} more" if len(held) > MAX_LISTED else ""
    return [
        f"{counted(len(held), 'voice')} on that list can still speak: "
        f"{', '.join(held[:MAX_LISTED])}{more}. Rename or delete them"
    ]


def _clips(settings: Settings, compares: bool) -> tuple[list[str], list[str]]:
    """Return what is well about the recordings of no_go_clips, and what is not."""
    from bot.enrolment.no_go_clips import MOST_CLIPS, recordings_in

    directory = settings.enrolment.no_go_clips
    if directory is None:
        return [], []
    if not directory.is_dir():
        return [], [f"no_go_clips: {directory} is not there, so nobody is compared with it"]
    count = counted(len(recordings_in(directory)), "recording")
    told = f"{count} in no_go_clips (of at most {MOST_CLIPS})"
    if not compares:
        return [], [f"{told}, which nobody is compared with: that takes Chatterbox"]
    return [told], []
