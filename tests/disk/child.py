"""Does everything that is stored on a disk that fails, and again on one that is well.

    LD_PRELOAD=SHIM DISK_UNDER=DIRECTORY DISK_FAULT=FILE python -m tests.disk.child f|r|e

Prints a JSON object by operation: what the program raised while the disk failed (its kind, what the
operator and what members are told), what was damaged by that, and whether it was done when the disk
was well. `tests/e2e/test_disk_faults.py` starts it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.app import enrolment_service, open_media_worker, open_store
from bot.clip_need import ClipNeed
from bot.command_tree import explain
from bot.config import Settings
from bot.config_sections import LimitSettings, StorageSettings
from bot.enrolment.types import EnrolmentSample, QualityReport
from bot.logs import configure_logging
from storage.erasure import Eraser
from storage.errors import StorageError
from storage.layout import CLIPS_NAME, DATABASE_NAME
from storage.reach import ReachStore
from storage.resealing import Resealing
from storage.rotation import begin_rotation, finish_rotation
from storage.sealing import KeyRing
from storage.setting_values import SettingValues
from storage.types import NewVoice
from storage.voices import VoiceStore
from tests.crash.states import GIVEN_AT, GUILD, OWNER, State, clip_of, consent_to, faults_of

Operation = Callable[[], Awaitable[object]]

TUNING = dict.fromkeys(
    ("exaggeration", "cfg_weight", "temperature", "takes", "language", "speed", "volume_db")
)
REPORT = QualityReport(12.0, 10.0, 0.0, 10.0, 10.0, 40.0, 0.0, -20.0, 120.0, "good", ())


class Disk:
    """What is wrong with the disk at the moment."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._file = Path(os.environ["DISK_FAULT"])

    @contextlib.contextmanager
    def failing(self, after: int = 0) -> Iterator[None]:
        """Let the disk fail within. after: so many calls that concern it go well before."""
        self._set(self._kind, after)
        try:
            yield
        finally:
            self._set("-", self.calls_left)

    @property
    def calls_left(self) -> int:
        """How many more calls would have gone well."""
        return int.from_bytes(self._file.read_bytes()[8:], sys.byteorder, signed=True)

    def _set(self, fault: str, after: int) -> None:
        content = fault.encode().ljust(8, b"\0") + after.to_bytes(8, sys.byteorder, signed=True)
        with self._file.open("r+b", buffering=0) as file:
            file.write(content)


async def outcome_of(operation: Operation) -> dict[str, str | None]:
    """Do it, and return what the program says of it."""
    try:
        await operation()
    except Exception as error:
        told = {"operator": str(error), "member": explain(error)}
        return {"kind": type(error).__name__, **told}
    return {"kind": "done"}


class Trial:
    """Voices, and everything that can be done to them."""

    def __init__(self, directory: Path, disk: Disk) -> None:
        self.directory, self.disk = directory, disk
        self.key_file = directory / "mynah.key"
        storage = StorageSettings(directory=directory, key_file=self.key_file)
        limits = LimitSettings(enrolments_per_day_per_guild=1_000_000)
        self.settings = Settings(storage=storage, limits=limits)
        self.told: dict[str, dict[str, Any]] = {}
        self.states: dict[int, State] = {}
        self.ids: dict[int, int] = {}

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Open the services as the bot does, and enrol five voices."""
        async with (
            open_store(self.settings) as self.store,
            open_media_worker(self.settings) as media,
        ):
            self.service = enrolment_service(self.settings, media, self.store, clip_need=ClipNeed)
            for key in range(1, 6):
                await self.enrol(key)
            yield

    async def run(self) -> None:
        async with self.opened():
            for name, operation in self.operations().items():
                await self._try(name, operation)
        await self._try("start", self._start)

    def operations(self) -> dict[str, Operation]:
        store = self.store
        return {
            "speak": self._speak,
            "enrol": lambda: self.enrol(6),
            "replace": self._replace,
            "restore": self._restore,
            "rename": lambda: self._change(3, store.rename(self.ids[3], "Zoe"), name="Zoe"),
            "tune": lambda: self._change(
                3, store.tune(self.ids[3], seed=4, **TUNING), seed=4
            ),
            "pause": lambda: ReachStore.beside(store).pause(self.ids[3], by="owner"),
            "set": lambda: SettingValues.beside(store).set_for_guild(
                GUILD, "locale", "de", changed_by=None
            ),
            "count uses": lambda: store.mark_used(self.ids[3]),
            "check": lambda: store.check(verify=True),
            "delete": lambda: self._remove(4, store.delete(self.ids[4])),
            "erase": lambda: self._remove(5, Eraser.beside(store).erase_member(OWNER + 5)),
            "rotate": self._rotate,
        }  # fmt: skip

    async def _try(self, name: str, operation: Operation) -> None:
        before = self._stored()
        with self.disk.failing():
            told: dict[str, Any] = {"failing": await outcome_of(operation)}
        if told["failing"]["kind"] != "done":
            told["changed"] = sorted(set(before.items()) ^ set(self._stored().items()))
            told["well"] = await outcome_of(operation)
        told["damaged"] = await self.damaged()
        self.told[name] = told

    async def damaged(self) -> list[str]:
        """Read every voice, bit for bit, with what is in the key file now."""
        keys = KeyRing.from_file(self.key_file)
        faults = []
        async with VoiceStore.open(self.directory, keys) as store:
            stored = {v.owner_id - OWNER: v for v in await store.list_voices(GUILD) if v.owner_id}
            if stored.keys() != self.states.keys():
                faults.append(f"voices {sorted(stored)} instead of {sorted(self.states)}")
            for key in stored.keys() & self.states.keys():
                faults += await faults_of(store, stored[key], self.states[key])
            faults += [
                str(row[0])
                for row in await store.database.read("PRAGMA integrity_check")
                if row[0] != "ok"
            ]
        return faults

    def _stored(self) -> dict[str, str]:
        """Return what is stored: rows of all tables that matter, and names and sizes of clips."""
        path = self.directory / DATABASE_NAME
        with contextlib.closing(sqlite3.connect(path)) as connection:
            tables = ("voices", "consents", "guild_settings", "settings_log", "dictionary_entries",
                      "audit", "voice_words", "erasures")  # fmt: skip
            rows = {t: str(connection.execute(f"SELECT * FROM {t}").fetchall()) for t in tables}
        clips = (self.directory / CLIPS_NAME).iterdir()
        keys = self.key_file.read_text(encoding="ascii")
        return rows | {p.name: str(p.stat().st_size) for p in clips} | {"keys": keys}

    async def enrol(self, key: int) -> None:
        new = NewVoice(GUILD, f"voice {key}", owner_id=OWNER + key, consented_by=OWNER + key,
                       consented_at=GIVEN_AT, level="spoken")  # fmt: skip
        sample = EnrolmentSample(clip_of(key), REPORT, b"")
        saved = await self.service.save(sample, new, consent_to(key, OWNER + key))
        self.states[key], self.ids[key] = State(new.name, key), saved.id

    async def _replace(self) -> None:
        owner = OWNER + 2
        sample = EnrolmentSample(clip_of(22), REPORT, b"")
        await self.service.replace(self.ids[2], sample, consented_by=owner, consented_at=GIVEN_AT,
                                   level="spoken", consent=consent_to(22, owner))  # fmt: skip
        self.states[2] = State("voice 2", 22, 2)

    async def _restore(self) -> None:
        await self.store.restore(self.ids[2])
        self.states[2] = State("voice 2", 2, 22)

    async def _change(self, key: int, doing: Awaitable[object], **changes: Any) -> None:
        await doing
        self.states[key] = State(**{**self.states[key].to_json(), **changes})

    async def _remove(self, key: int, doing: Awaitable[object]) -> None:
        await doing
        del self.states[key]

    async def _speak(self) -> None:
        voice = await self.store.get(self.ids[1])
        clip = await self.store.load_clip(voice)
        assert clip.samples.tobytes() == clip_of(1).samples.tobytes()

    async def _rotate(self) -> None:
        await begin_rotation(self.store, self.key_file)
        resealed = await Resealing.beside(self.store).run(lambda done, total: None)
        kept = await finish_rotation(self.store, self.key_file)
        if resealed.failed or kept:
            raise StorageError("; ".join(resealed.failed))

    async def _start(self) -> None:
        async with open_store(self.settings):
            pass


def main() -> None:
    configure_logging("critical", "json")
    trial = Trial(Path(os.environ["DISK_UNDER"]), Disk(sys.argv[1]))
    asyncio.run(trial.run())
    print(json.dumps(trial.told, indent=1))


if __name__ == "__main__":
    main()
