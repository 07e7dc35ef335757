"""Twenty kills lose nothing; and what a kill could lose would be told."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from storage.clips import clip_path
from storage.types import NewVoice
from storage.voices import VoiceStore
from tests.crash.ledger import Ledger
from tests.crash.states import GIVEN_AT, GUILD, OWNER, State, clip_of, consent_to

KEY, NUMBER = 3, 1
STATE = State("Anna", NUMBER)


@pytest.mark.timeout(240)
def test_twenty_kills_lose_nothing() -> None:
    command = [sys.executable, "-m", "tests.crash", "--kills", "20"]
    told = subprocess.run(command, check=False, capture_output=True, text=True)
    report = json.loads(told.stdout)
    assert report["faults"] == []
    assert told.returncode == 0
    assert report["kills"] == 20
    assert report["acknowledged"] > 20
    assert report["operations_cut"] > 10


async def enrol(store: VoiceStore) -> Ledger:
    owner = OWNER + KEY
    voice = NewVoice(
        GUILD, "Anna", owner_id=owner, consented_by=owner, consented_at=GIVEN_AT, level="spoken"
    )
    await store.add(voice, clip_of(NUMBER), consent=consent_to(NUMBER, owner))
    return Ledger(states={KEY: STATE})


async def faults(ledger: Ledger, store: VoiceStore) -> list[str]:
    await ledger.prove(store)
    await ledger.prove_sweep(store)
    return ledger.faults


async def test_what_is_there_is_no_fault(tmp_path: Path) -> None:
    async with VoiceStore.open(tmp_path) as store:
        assert await faults(await enrol(store), store) == []


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("harm", [Path.unlink, cut])
@pytest.mark.parametrize("number", [NUMBER, NUMBER + 1_000_000], ids=["clip", "sentence"])
async def test_a_damaged_file_is_a_fault(
    tmp_path: Path, harm: Callable[[Path], None], number: int
) -> None:
    async with VoiceStore.open(tmp_path) as store:
        ledger = await enrol(store)
        harm(clip_path(tmp_path / "clips", clip_of(number).sha256))
        assert await faults(ledger, store)


@pytest.mark.parametrize(
    "state",
    [
        replace(STATE, name="Bob"),
        replace(STATE, clip=2),
        replace(STATE, former=2),
        replace(STATE, seed=5),
    ],
)
async def test_a_change_that_is_not_there_is_a_fault(tmp_path: Path, state: State) -> None:
    async with VoiceStore.open(tmp_path) as store:
        ledger = await enrol(store)
        ledger.states[KEY] = state
        assert await faults(ledger, store)


async def test_a_voice_too_many_and_one_too_few_are_faults(tmp_path: Path) -> None:
    async with VoiceStore.open(tmp_path) as store:
        ledger = await enrol(store)
        ledger.states = {KEY + 3: STATE}
        assert len(await faults(ledger, store)) == 2


async def test_what_was_begun_may_be_there_or_not_but_not_by_half(tmp_path: Path) -> None:
    async with VoiceStore.open(tmp_path) as store:
        ledger = await enrol(store)
        for after, found in (("Bob", "undone"), ("Anna", "kept")):
            told = {"lane": 0, "key": KEY, "after": replace(STATE, name=after).to_json()}
            ledger.in_flight[0] = {"begun": "rename", **told}
            await ledger.prove(store)
            assert ledger.cut[f"rename: {found}"] == 1
        assert ledger.faults == []
        ledger.states[KEY] = replace(STATE, seed=1)
        ledger.in_flight[0] = {"begun": "tune", **told, "after": replace(STATE, seed=2).to_json()}
        await ledger.prove(store)
        assert len(ledger.faults) == 1


async def test_a_file_that_nobody_needs_is_a_fault(tmp_path: Path) -> None:
    async with VoiceStore.open(tmp_path) as store:
        ledger = await enrol(store)
        (tmp_path / "clips" / "left over").touch()
        assert await faults(ledger, store) == ["orphan left over"]
