"""Who leaves, when their data goes, and what keeps it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from structlog.typing import EventDict

from bot.audit.events import Event
from bot.privacy import departing as module
from bot.privacy.departing import Departing
from bot.privacy.service import PrivacyService
from storage.departures import THE_BOT, Departures
from storage.erasure import Eraser
from storage.setting_values import SettingValues
from storage.types import NewVoice
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, OTHER_GUILD, make_clip

START = datetime(2026, 5, 1, tzinfo=UTC)
ANN, BEN = (1_101_202_303_404_505_000 + number for number in range(2))


async def nothing(*_: object) -> None:
    pass


@dataclass
class Left:
    """The task with a clock and a Discord of its own."""

    store: VoiceStore
    now: datetime = START
    here: dict[tuple[int, int], bool | None] = field(default_factory=dict)
    asked: list[tuple[int, int]] = field(default_factory=list)
    recorded: list[str] = field(default_factory=list)
    keep_days: int = 30
    elsewhere: set[int] = field(default_factory=set)  # guilds of other processes

    def __post_init__(self) -> None:
        self.departures = Departures(self.store.database)
        self.departing = self.made()

    def made(self) -> Departing:
        """Return one as after a restart."""
        privacy = PrivacyService(
            Eraser.beside(self.store), forget_clip=nothing, flush=nothing, look=nothing
        )
        return Departing(
            privacy, self.departures, timedelta(days=self.keep_days), self.record,
            clock=lambda: self.now, pause_seconds=0, covers=self.covers,
        )  # fmt: skip

    def covers(self, guild_id: int) -> bool:
        return guild_id not in self.elsewhere

    async def record(self, guild_id: int, event: Event) -> None:
        self.recorded.append(event.kind)

    async def is_here(self, guild_id: int, user_id: int) -> bool | None:
        self.asked.append((guild_id, user_id))
        return self.here.get((guild_id, user_id), user_id != THE_BOT)

    async def days_later(self, days: float, *present: int) -> None:
        self.now += timedelta(days=days)
        await self.departing.look(lambda: set(present), self.is_here)

    async def voices(self) -> list[tuple[int, int | None]]:
        rows = await self.store.database.read("SELECT guild_id, owner_id FROM voices ORDER BY id")
        return [tuple(row) for row in rows]


@pytest.fixture
async def left(tmp_path: Path) -> AsyncIterator[Left]:
    async with VoiceStore.open(tmp_path) as store:
        for seed, (guild_id, owner) in enumerate(
            [(GUILD, ANN), (GUILD, BEN), (OTHER_GUILD, ANN), (0, None)]
        ):
            await store.add(NewVoice(guild_id, f"v{seed}", owner_id=owner), make_clip(seed))
        yield Left(store)


@pytest.fixture(autouse=True)
def lines() -> Iterator[list[EventDict]]:
    with structlog.testing.capture_logs() as captured:
        yield captured


async def test_a_server_keeps_its_data_for_thirty_days_and_the_log_says_until_when(
    left: Left, lines: list[EventDict]
) -> None:
    await left.departing.bot_left(GUILD)
    assert lines[0]["deleted_on"] == "2026-05-31T00:00+00:00"
    await left.days_later(29.9, OTHER_GUILD)
    assert len(await left.voices()) == 4
    await left.days_later(0.2, OTHER_GUILD)
    assert await left.voices() == [(OTHER_GUILD, ANN), (0, None)]
    assert lines[-1]["event"] == "the data of a server that I left is deleted"
    assert lines[-1]["voices"] == 2
    assert left.recorded == ["left"]


async def test_coming_back_cancels_it(left: Left) -> None:
    await left.departing.bot_left(GUILD)
    await left.departing.bot_came(GUILD)
    await left.days_later(31, GUILD, OTHER_GUILD)
    assert len(await left.voices()) == 4
    assert left.recorded == ["left", "rejoined"]


async def test_a_server_of_which_discord_says_that_the_bot_is_there_keeps_its_data(
    left: Left,
) -> None:
    await left.departing.bot_left(GUILD)
    left.here[GUILD, THE_BOT] = True
    await left.days_later(31, OTHER_GUILD)
    assert len(await left.voices()) == 4


async def test_of_a_member_of_a_server_that_the_bot_left_nothing_is_kept_longer(
    left: Left,
) -> None:
    left.here[GUILD, ANN] = False
    await left.days_later(0, GUILD, OTHER_GUILD)
    await left.days_later(31, OTHER_GUILD)  # an outage would be known, too
    assert len(await left.voices()) == 4
    await left.departing.bot_left(GUILD)
    await left.days_later(0.1, OTHER_GUILD)
    assert (GUILD, ANN) not in await left.voices()
    assert (GUILD, BEN) in await left.voices()


async def test_with_no_days_it_goes_at_once(left: Left) -> None:
    left.keep_days = 0
    await left.made().bot_left(GUILD)
    assert await left.voices() == [(OTHER_GUILD, ANN), (0, None)]


async def test_with_no_days_what_the_bot_found_by_itself_is_asked_about_first(left: Left) -> None:
    left.keep_days = 0
    left.departing = left.made()
    left.here[GUILD, THE_BOT] = None
    await left.departing.compare({OTHER_GUILD})
    await left.days_later(0, OTHER_GUILD)
    assert len(await left.voices()) == 4
    left.here[GUILD, THE_BOT] = False
    await left.days_later(0, OTHER_GUILD)
    assert await left.voices() == [(OTHER_GUILD, ANN), (0, None)]


async def test_of_a_server_without_data_nothing_is_noted(left: Left) -> None:
    await left.departing.bot_left(GUILD + 7)
    assert await left.departures.of_the_bot() == []
    assert left.recorded == []


async def test_a_removal_while_the_bot_was_off_is_found(left: Left) -> None:
    await left.departing.compare({OTHER_GUILD})
    await left.departing.compare({OTHER_GUILD})  # another session
    assert [each.guild_id for each in await left.departures.of_the_bot()] == [GUILD]
    assert left.recorded == ["left"]
    await left.departing.compare({GUILD, OTHER_GUILD})
    assert await left.departures.of_the_bot() == []


async def test_a_bot_in_no_server_deletes_nothing(left: Left, lines: list[EventDict]) -> None:
    await left.departing.bot_left(GUILD)  # the last one
    await left.departing.compare(set())  # or another token
    assert "right token" in lines[-1]["event"]
    await left.days_later(31)
    assert len(await left.voices()) == 4


async def test_a_server_that_is_back_by_then_keeps_its_data(left: Left) -> None:
    await left.departures.note(GUILD, THE_BOT, START)  # and nobody told that it came back
    await left.days_later(31, GUILD, OTHER_GUILD)
    assert len(await left.voices()) == 4
    assert await left.departures.of_the_bot() == []


async def test_a_member_who_left_keeps_their_data_for_thirty_days(
    left: Left, lines: list[EventDict]
) -> None:
    left.here[GUILD, ANN] = False
    await left.days_later(0, GUILD, OTHER_GUILD)
    [line] = lines
    assert line["event"].startswith("a member left")
    assert line["deleted_on"] == "2026-05-31T00:00+00:00"
    await left.days_later(29.9, GUILD, OTHER_GUILD)
    assert len(await left.voices()) == 4
    await left.days_later(0.2, GUILD, OTHER_GUILD)
    assert await left.voices() == [(GUILD, BEN), (OTHER_GUILD, ANN), (0, None)]
    assert str(ANN) not in str(lines)


async def test_a_member_who_comes_back_keeps_their_data(left: Left) -> None:
    left.here[GUILD, ANN] = False
    await left.days_later(0, GUILD)
    left.here[GUILD, ANN] = True
    await left.days_later(31, GUILD)
    assert len(await left.voices()) == 4
    assert not await left.departures.is_noted(GUILD, ANN)


async def test_nothing_goes_while_discord_does_not_say_whether_they_are_there(left: Left) -> None:
    left.here[GUILD, ANN] = False
    await left.days_later(0, GUILD)
    left.here[GUILD, ANN] = None
    await left.days_later(31, GUILD)
    assert len(await left.voices()) == 4
    left.here[GUILD, ANN] = False
    await left.days_later(0.1, GUILD)
    assert (GUILD, ANN) not in await left.voices()


async def test_whoever_has_only_settings_is_looked_up_too(left: Left) -> None:
    await SettingValues.beside(left.store).set_for_member(OTHER_GUILD, BEN, "greeting", "hi")
    await left.days_later(0, OTHER_GUILD)
    assert left.asked == [(OTHER_GUILD, ANN), (OTHER_GUILD, BEN)]


async def test_everybody_is_looked_up_once_a_day_and_few_at_a_time(
    left: Left, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MEMBERS_A_ROUND", 2)
    await left.days_later(0, GUILD, OTHER_GUILD)
    assert len(left.asked) == 2
    await left.days_later(1 / 24, GUILD, OTHER_GUILD)
    everybody = [(GUILD, ANN), (GUILD, BEN), (OTHER_GUILD, ANN)]
    assert sorted(left.asked) == everybody
    await left.days_later(1 / 24, GUILD, OTHER_GUILD)
    assert len(left.asked) == 3
    await left.days_later(1, GUILD, OTHER_GUILD)
    await left.days_later(1 / 24, GUILD, OTHER_GUILD)
    assert sorted(left.asked) == sorted(everybody * 2)


async def test_the_owner_of_a_voice_that_comes_into_use_is_looked_up(left: Left) -> None:
    left.here[GUILD, ANN] = False
    for voice in await left.store.list_voices(GUILD):
        assert left.departing.use(voice)
    await left.departing.look_up_used(left.is_here)
    assert left.asked == [(GUILD, ANN), (GUILD, BEN)]
    assert await left.departures.is_noted(GUILD, ANN)


async def test_an_operators_voice_has_nobody_to_look_up(left: Left) -> None:
    assert not left.departing.use((await left.store.list_voices(0))[0])
    await left.departing.look_up_used(left.is_here)
    assert left.asked == []


async def test_the_database_is_rewritten_once_for_all_who_left(
    left: Left, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewritten: list[None] = []
    scrub = left.store.database.scrub

    async def counted() -> None:
        rewritten.append(None)
        await scrub()

    monkeypatch.setattr(left.store.database, "scrub", counted)
    left.here = {(GUILD, ANN): False, (GUILD, BEN): False, (OTHER_GUILD, ANN): False}
    await left.days_later(0, GUILD, OTHER_GUILD)
    await left.days_later(31, GUILD, OTHER_GUILD)
    assert await left.voices() == [(0, None)]
    assert len(rewritten) == 1


async def test_servers_of_other_processes_are_not_ones_that_the_bot_left(left: Left) -> None:
    left.elsewhere = {OTHER_GUILD}
    await left.departing.compare({GUILD + 2})  # the bot left GUILD, and serves another
    assert await left.departures.is_noted(GUILD, THE_BOT)
    assert not await left.departures.is_noted(OTHER_GUILD, THE_BOT)


async def test_what_is_due_is_erased_by_the_process_whose_server_it_is(left: Left) -> None:
    left.elsewhere = {OTHER_GUILD}
    for guild_id in (GUILD, OTHER_GUILD):
        await left.departures.note(guild_id, THE_BOT, left.now)
        left.here[guild_id, THE_BOT] = False
    await left.days_later(31, GUILD + 2)
    assert await left.voices() == [(OTHER_GUILD, ANN), (0, None)]
