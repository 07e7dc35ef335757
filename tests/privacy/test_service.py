"""What erasing tells, in which order, and what it waits for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest

from bot.audit.events import Spoken
from bot.audit.trail import AuditTrail
from bot.errors import BusyError
from bot.privacy import service as module
from bot.privacy.service import PrivacyService
from bot.privacy.whose import EVERYBODY, Whose
from bot.settings.service import SettingsService
from storage.erasure import Eraser
from storage.errors import StorageError
from storage.setting_values import SettingValues
from storage.types import NewVoice
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, OTHER_GUILD, make_clip

ANN = 1_101_202_303_404_505_000


async def nothing(sha256: str) -> None:
    pass


@dataclass
class Told:
    """A service whose surroundings note what they hear."""

    store: VoiceStore
    events: list[object] = field(default_factory=list)
    busy: int = 0

    def __post_init__(self) -> None:
        self.privacy = PrivacyService(
            Eraser.beside(self.store), forget_clip=self.clip, flush=self.flush, look=self.look
        )
        self.privacy.subscribe(self.forget)

    async def clip(self, sha256: str) -> None:
        if self.busy:
            self.busy -= 1
            raise BusyError("busy")
        self.events.append(sha256)

    async def flush(self) -> None:
        self.events.append("flush")

    async def look(self) -> None:
        self.events.append("look")

    async def forget(self, whose: Whose) -> None:
        self.events.append(whose)


@pytest.fixture
async def told(tmp_path: Path) -> AsyncIterator[Told]:
    async with VoiceStore.open(tmp_path) as store:
        yield Told(store)


async def enrol(told: Told, seed: int = 0) -> str:
    voice = NewVoice(GUILD, f"Ann {seed}", owner_id=ANN)
    return (await told.store.add(voice, make_clip(seed))).clip_sha256


async def test_it_returns_when_all_have_forgotten(told: Told) -> None:
    sha256 = await enrol(told)
    assert (await told.privacy.erase_member(ANN)).voices == 1
    whose = Whose(ANN)
    assert told.events == [whose, "flush", sha256, "look", whose, "flush"]


async def test_an_engine_that_is_busy_is_told_again(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0)
    sha256 = await enrol(told)
    told.busy = 3
    await told.privacy.erase_member(ANN)
    assert sha256 in told.events


async def test_an_engine_that_stays_busy_is_no_success(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0)
    sha256 = await enrol(told)
    told.busy = 99
    with pytest.raises(BusyError):
        await told.privacy.erase_member(ANN)
    told.busy = 0
    await told.privacy.finish()
    assert sha256 in told.events


async def test_the_engine_forgets_although_another_program_reads(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails() -> None:
        raise StorageError("another program reads the database")

    monkeypatch.setattr(told.store.database, "scrub", fails)
    sha256 = await enrol(told)
    with pytest.raises(StorageError):
        await told.privacy.erase_member(ANN)
    assert sha256 in told.events


async def test_what_ends_meanwhile_is_written_without_the_name(tmp_path: Path) -> None:
    mine = Spoken(by=ANN, voice_id=1, milliseconds=20, packets_sha256="a" * 64, way="say")
    stopped, silenced = [mine], [replace(mine, by=ANN + 1, owner_id=ANN)]
    async with VoiceStore.open(tmp_path) as store:
        audit = AuditTrail.beside(store, SettingsService(SettingValues.beside(store)))

        async def stop(_whose: Whose) -> None:
            while stopped:
                audit.spoken(GUILD, partial(replace, stopped.pop()))

        async def silence() -> None:
            while silenced:
                audit.spoken(GUILD, partial(replace, silenced.pop()))

        privacy = PrivacyService(
            Eraser.beside(store), forget_clip=nothing, flush=audit.flush, look=silence
        )
        privacy.subscribe(stop)
        await privacy.erase_member(ANN)
        await audit.flush()
        named = await store.database.read("SELECT user_id FROM audit_members")
        assert [row[0] for row in named] == [ANN + 1]


async def test_what_was_stored_meanwhile_goes_too(told: Told) -> None:
    await enrol(told)

    async def saves(whose: Whose) -> None:
        if told.events.count("look") == 1:  # a Save that had been pressed just before
            await enrol(told, seed=1)
            told.events.append("saved")
            forget()

    forget = told.privacy.subscribe(saves)
    assert (await told.privacy.erase_member(ANN)).voices == 2
    assert await told.store.count(GUILD) == 0


async def test_a_subscriber_that_fails_keeps_nothing_from_the_others(
    told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(whose: Whose) -> None:
        raise ValueError("no")

    told.privacy.subscribe(fails)
    await told.privacy.erase_guild(GUILD)
    assert told.events.count(Whose(guild_id=GUILD)) == 2


async def test_an_erasure_by_another_process_is_taken_in_once(told: Told, tmp_path: Path) -> None:
    await told.privacy.take_in()
    async with VoiceStore.open(tmp_path) as beside:
        await Eraser.beside(beside).erase_member(ANN)
    await told.privacy.take_in()
    await told.privacy.take_in()
    assert told.events == [EVERYBODY]


async def test_an_erasure_by_another_process_during_ones_own_is_taken_in(
    told: Told, tmp_path: Path
) -> None:
    await told.privacy.take_in()

    async def erases(whose: Whose) -> None:
        forget()
        async with VoiceStore.open(tmp_path) as beside:
            await Eraser.beside(beside).erase_member(ANN + 1)

    forget = told.privacy.subscribe(erases)
    await told.privacy.erase_member(ANN)
    assert EVERYBODY in told.events


async def test_ones_own_erasure_is_not_taken_in_again(told: Told) -> None:
    await told.privacy.take_in()
    await told.privacy.erase_member(ANN)
    told.events.clear()
    await told.privacy.take_in()
    assert told.events == []


@pytest.mark.parametrize(
    ("whose", "covered"),
    [
        (Whose(ANN), [(GUILD, ANN), (OTHER_GUILD, ANN)]),
        (Whose(ANN, GUILD), [(GUILD, ANN)]),
        (Whose(guild_id=GUILD), [(GUILD, ANN), (GUILD, ANN + 1)]),
        (EVERYBODY, [(GUILD, ANN), (GUILD, ANN + 1), (OTHER_GUILD, ANN)]),
    ],
)
def test_whose(whose: Whose, covered: list[tuple[int, int]]) -> None:
    asked = [(GUILD, ANN), (GUILD, ANN + 1), (OTHER_GUILD, ANN)]
    assert [each for each in asked if whose.covers(*each)] == covered
