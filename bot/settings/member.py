"""A member's own settings in a guild. Their voice is `SettingsStore.member_default`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.i18n import N_
from bot.settings.definition import Page, Settings, setting

Speed = Annotated[float, Field(ge=0.5, le=2)]
Volume = Annotated[float, Field(ge=-12, le=6)]


class MemberSettings(Settings):
    """What `/me` shows. None leaves it to the voice and to the server."""

    speed: Speed | None = setting(
        None, Page.SPEAKING, N_("Speed"), N_("How fast your texts are spoken"), unit="×"
    )
    volume_db: Volume | None = setting(
        None, Page.SPEAKING, N_("Volume"), N_("How loud your texts are spoken"), unit="dB"
    )
    language: str | None = setting(
        None, Page.LANGUAGE, N_("Language"), N_("The language you write in, ISO 639-1")
    )
    be_read: bool = setting(
        True, Page.READING, N_("Read my messages"), N_("Whether your chat is read aloud")
    )
    spoken_name: str | None = setting(
        None,
        Page.READING,
        N_("Spoken name"),
        N_("How your name is said; your shown name if it is empty"),
        max_length=50,
    )
    greeting: str | None = setting(
        None,
        Page.READING,
        N_("Greeting"),
        N_("What is said when you enter the voice channel"),
        max_length=100,
    )
