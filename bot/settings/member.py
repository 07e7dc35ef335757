"""A member's own settings in a guild."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from bot.i18n import N_
from bot.languages import LANGUAGES
from bot.settings.definition import Id, Line, Page, Picker, Settings, setting


def _known(code: str) -> str:
    if code not in LANGUAGES:
        raise ValueError("not a language that a voice can be marked with")
    return code


Speed = Annotated[float, Field(ge=0.5, le=2)]
Volume = Annotated[float, Field(ge=-12, le=6)]


LineOrNone = Annotated[Line | None, AfterValidator(lambda line: line or None)]
"""A text that may be missing, and is when it is empty."""


class MemberSettings(Settings):
    """What `/me` shows. None leaves it to the voice and to the server."""

    default_voice: Id | None = setting(
        None,
        Page.VOICES,
        N_("Your voice"),
        N_("Speaks for you when you name none"),
        empty=N_("the one you enrolled last, or the server's"),
        picker=Picker.VOICE,
    )
    speed: Speed | None = setting(
        None,
        Page.SPEAKING,
        N_("Speed"),
        N_("How fast your texts are spoken"),
        unit="×",
        empty=N_("as the voice and the server say"),
    )
    volume_db: Volume | None = setting(
        None,
        Page.SPEAKING,
        N_("Volume"),
        N_("How loud your texts are spoken"),
        unit="dB",
        empty=N_("as the voice and the server say"),
    )
    language: Annotated[str, AfterValidator(_known)] | None = setting(
        None,
        Page.LANGUAGE,
        N_("Language"),
        N_("The language you write in"),
        empty=N_("the voice's"),
        choices=LANGUAGES,
    )
    be_read: bool = setting(
        True, Page.READING, N_("Read my messages"), N_("Whether your chat is read aloud")
    )
    spoken_name: LineOrNone = setting(
        None,
        Page.READING,
        N_("Spoken name"),
        N_("How your name is said"),
        empty=N_("as it is shown"),
        max_length=50,
    )
    greeting: LineOrNone = setting(
        None,
        Page.READING,
        N_("Greeting"),
        N_("What is said when you enter the voice channel"),
        empty=N_("no greeting"),
        max_length=100,
    )
