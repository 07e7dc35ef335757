"""`mynah key rotate`, a process of its own, killed at random moments beside a running store."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.key_file import create_key_file, new_key, read_keys
from storage.sealing import KeyRing
from storage.types import NewConsent, NewVoice
from storage.voices import VoiceStore
from tests.cli.conftest import environment_of
from tests.storage.conftest import GUILD, make_clip

VOICES = 60  # with three files and a record each
LONG = 6  # of them as long as enrolled ones are
WORKING_SECONDS = 1.0  # how long sealing may be let alone before it is killed
STARTING_SECONDS = 0.8


class Rotations:
    """Voices with former recordings and evidence, and what seals them anew."""

    def __init__(self, store: VoiceStore, key_file: Path, chance: random.Random) -> None:
        self._store, self._key_file, self._chance = store, key_file, chance
        self.kills = self.kills_at_work = self.finished = 0
        self._seeds: dict[int, int] = {}  # by voice

    async def add(self) -> None:
        """Store one more voice, as the bot does while a rotation lasts."""
        seed = 10 * len(self._seeds)
        seconds = 20.0 if len(self._seeds) < LONG else 0.2
        given = NewConsent(7, datetime.now(UTC), {"seed": seed}, make_clip(seed + 2))
        clips = make_clip(seed, seconds), make_clip(seed + 1, seconds)
        voice = NewVoice(GUILD, f"voice {seed}", level="spoken")
        added = await self._store.add(voice, clips[0], consent=given)
        await self._store.replace(added.id, clips[1], pitch_hz=None, quality=None, consent=given)
        self._seeds[added.id] = seed

    async def prove(self, *, former: bool = False) -> None:
        """Read everything, bit for bit. former: the recordings from before, too."""
        for number, (voice_id, seed) in enumerate(self._seeds.items()):
            await self._prove(voice_id, seed + 1, seed, 20.0 if number < LONG else 0.2)
            if former:
                await self._store.restore(voice_id)
                await self._prove(voice_id, seed, seed, 20.0 if number < LONG else 0.2)

    async def _prove(self, voice_id: int, clip: int, seed: int, seconds: float) -> None:
        voice = await self._store.get(voice_id)
        wanted = make_clip(clip, seconds).samples.tobytes()
        assert (await self._store.load_clip(voice)).samples.tobytes() == wanted
        consent = await self._store.consent_of(voice_id, voice.clip_sha256)
        assert consent is not None
        assert consent.record == {"seed": seed}
        sentence = await self._store.load_consent_clip(consent)
        assert sentence is not None
        assert sentence.samples.tobytes() == make_clip(seed + 2).samples.tobytes()

    async def rotate(self, *, kill: bool) -> None:
        """Start a rotation; kill it at a random moment, half of the time while it starts."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "key", "rotate",
            env=environment_of(
                self._store.database.path.parent,
                MYNAH_STORAGE__KEY_FILE=str(self._key_file),
                PYTHONPATH=os.pathsep.join(sys.path),
            ),
            stdout=DEVNULL, stderr=PIPE,
        )  # fmt: skip
        assert process.stderr is not None
        working = False
        if kill:
            if self._chance.random() < 0.8:
                working = bool(await process.stderr.readline())  # "Sealing 180: 0 % ..."
            pause = WORKING_SECONDS if working else STARTING_SECONDS
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), self._chance.uniform(0, pause))
            with suppress(ProcessLookupError):
                process.kill()
        _, told = await process.communicate()
        if process.returncode == 0:
            self.finished += 1
        else:
            assert kill, told.decode()
            assert process.returncode == -9, told.decode()
            self.kills += 1
            self.kills_at_work += working


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(10, id="some", marks=pytest.mark.timeout(240)),
        pytest.param(50, id="fifty", marks=[pytest.mark.soak, pytest.mark.timeout(900)]),
    ],
)
async def test_killed_rotations_lose_nothing(kills: int, tmp_path: Path) -> None:
    key_file = tmp_path / "mynah.key"
    create_key_file(key_file, [new_key()])
    chance = random.Random(kills)
    async with VoiceStore.open(tmp_path / "data", KeyRing.from_file(key_file)) as store:
        rotations = Rotations(store, key_file, chance)
        for _ in range(VOICES):
            await rotations.add()
        while rotations.kills < kills:
            await asyncio.gather(rotations.rotate(kill=True), rotations.add())
            await rotations.prove()
        await rotations.rotate(kill=False)
        seals, [newest] = await store.seals(), read_keys(key_file)
        assert (seals.to_seal, seals.unreadable) == (0, 0)
        assert len(newest) == 32
        await store.check()
        assert not list((tmp_path / "data" / "clips").glob("*.tmp"))
        await rotations.prove(former=True)
    assert rotations.kills_at_work >= kills // 3
    print(
        f"{rotations.kills} killed, {rotations.kills_at_work} of them while sealing, "
        f"{rotations.finished} finished, {seals.newest} sealed"
    )
