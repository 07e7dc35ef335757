"""What is said of members who come and go."""

from __future__ import annotations

import pytest

from bot.reading.repeats import SECONDS_APART
from bot.reading.service import ReadingService
from bot.settings.service import SettingsService
from storage.types import OPERATOR_GUILD_ID
from storage.voices import VoiceStore
from tests.reading.making import ANN, BEN, GUILD, PLACE, Clock, add, author, heard, set_guild


@pytest.fixture(autouse=True)
async def _narrator(store: VoiceStore) -> None:
    await add(store, "narrator", OPERATOR_GUILD_ID)


async def test_joins_are_not_announced_by_themselves(reading: ReadingService) -> None:
    assert await reading.joined(GUILD, author(), PLACE) is None
    assert await reading.left(GUILD, author(), PLACE) is None


async def test_who_comes_and_goes_is_announced(
    reading: ReadingService, settings: SettingsService, clock: Clock
) -> None:
    await set_guild(settings, announce_joins=True)
    came = await reading.joined(GUILD, author(), PLACE)
    went = await reading.left(GUILD, author(), PLACE)
    assert came is not None
    assert went is not None
    assert heard(reading, came) == ["Anna joined."]
    assert heard(reading, went) == ["Anna left."]
    assert await reading.joined(GUILD, author(), PLACE) is None  # again at once
    clock.now += SECONDS_APART
    assert await reading.joined(GUILD, author(), PLACE) is not None


async def test_who_comes_where_the_bot_may_not_speak_is_not_announced(
    reading: ReadingService, settings: SettingsService
) -> None:
    await set_guild(settings, announce_joins=True, voice_channels=[PLACE.voice_channel_id + 1])
    assert await reading.joined(GUILD, author(), PLACE) is None


async def test_a_member_is_greeted_in_their_own_voice(
    reading: ReadingService, settings: SettingsService, store: VoiceStore
) -> None:
    await add(store, "ann", owner=ANN, language="de")
    await settings.change_member(GUILD, ANN, "greeting", "da bin ich")
    came = await reading.joined(GUILD, author(), PLACE)
    assert came is not None
    assert came.speaker.voice.name == "ann"
    [greeting] = reading.begin(came).parts
    assert (greeting.text, greeting.language) == ("da bin ich", "de")
    await set_guild(settings, greetings=False)
    assert await reading.joined(GUILD, author(), PLACE) is None


async def test_a_greeting_comes_behind_the_name(
    reading: ReadingService, settings: SettingsService
) -> None:
    await set_guild(settings, announce_joins=True)
    await settings.change_member(GUILD, ANN, "greeting", "here I am")
    came = await reading.joined(GUILD, author(), PLACE)
    assert came is not None
    assert heard(reading, came) == ["Anna joined.\n\nhere I am"]


async def test_who_comes_and_goes_is_greeted_once_a_minute(
    reading: ReadingService, settings: SettingsService, clock: Clock
) -> None:
    await set_guild(settings, announce_joins=True)
    await settings.change_member(GUILD, ANN, "greeting", "here I am")
    said = []
    for seconds in (0, 30, 60):
        clock.now += seconds
        came = await reading.joined(GUILD, author(), PLACE)
        assert came is not None
        said += heard(reading, came)
    assert said == ["Anna joined.\n\nhere I am", "Anna joined.", "Anna joined.\n\nhere I am"]


async def test_bots_and_muted_members_come_unnoticed(
    reading: ReadingService, settings: SettingsService
) -> None:
    await set_guild(settings, announce_joins=True, muted_members=[BEN])
    await settings.change_member(GUILD, BEN, "greeting", "hear me")
    assert await reading.joined(GUILD, author(BEN, "Ben"), PLACE) is None
    assert await reading.left(GUILD, author(BEN, "Ben"), PLACE) is None
    assert await reading.joined(GUILD, author(bot=True), PLACE) is None
