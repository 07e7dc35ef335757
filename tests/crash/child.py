"""The process that is killed: the program's own services on a data directory, in random use.

Before each operation it says what the voice will be, and when it is done, that it is; each a JSON
object in one write.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from bot.app import enrolment_service, open_media_worker, open_store
from bot.clip_need import ClipNeed
from bot.config import Settings
from bot.config_sections import LimitSettings, StorageSettings
from bot.enrolment.service import EnrolmentService
from bot.enrolment.types import EnrolmentSample, QualityReport
from bot.errors import UserError
from bot.logs import configure_logging
from bot.operations.backup import make_backup
from storage.erasure import Eraser
from storage.errors import VoiceRequestError
from storage.resealing import Resealing
from storage.rotation import begin_rotation, finish_rotation
from storage.types import NewVoice
from storage.voices import VoiceStore
from tests.crash.states import GIVEN_AT, GUILD, OWNER, State, clip_of, consent_to

LANES = 3
"""Operations at a time, each on voices of its own."""
MOST_VOICES = 5  # of a lane

_TUNED = dict.fromkeys(
    ("exaggeration", "cfg_weight", "temperature", "takes", "language", "speed", "volume_db")
)
_REPORT = QualityReport(12.0, 10.0, 0.0, 10.0, 10.0, 40.0, 0.0, -20.0, 120.0, "good", ())


def _ignore(_done: int, _total: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Orders:
    """What a child is told. states: of the voices that are stored, by key; first: unused number."""

    directory: Path
    key_file: Path | None
    seed: int
    states: dict[int, State]
    first: int

    @property
    def settings(self) -> Settings:
        """The configuration that the program would have."""
        storage = StorageSettings(directory=self.directory, key_file=self.key_file)
        return Settings(storage=storage, limits=limits_of_months())


def limits_of_months() -> LimitSettings:
    """Return limits under which one server enrols in minutes what others do in a month."""
    return LimitSettings(enrolments_per_day_per_guild=1_000_000)


def work(orders: Orders, connection: Connection) -> None:
    """Use the data until killed."""
    configure_logging("critical", "json")
    asyncio.run(_work(orders, connection))


async def _work(orders: Orders, connection: Connection) -> None:
    settings, numbers = orders.settings, itertools.count(orders.first)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings))
        media = await stack.enter_async_context(open_media_worker(settings))
        service = enrolment_service(settings, media, store, clip_need=ClipNeed)
        async with asyncio.TaskGroup() as lanes:
            for number in range(LANES):
                lane = Lane(number, store, service, numbers, orders, connection)
                lanes.create_task(lane.run())


class Lane:
    """Does one operation after the other."""

    def __init__(
        self,
        number: int,
        store: VoiceStore,
        service: EnrolmentService,
        numbers: itertools.count[int],
        orders: Orders,
        connection: Connection,
    ) -> None:
        self._number, self._store, self._service, self._numbers = number, store, service, numbers
        self._file, self._directory = orders.key_file, orders.directory
        self._say = connection
        self._random = Random(f"{orders.seed} {number}")
        self._states = {k: s for k, s in orders.states.items() if k % LANES == number}

    async def run(self) -> None:
        while True:
            operation = self._choose()
            await operation()

    def _choose(self) -> Callable[[], Awaitable[None]]:
        if not self._states or (
            len(self._states) < MOST_VOICES and self._random.random() < 0.3
        ):  # fmt: skip
            return self._enrol
        if self._number == 0 and self._file is not None and self._random.random() < 0.1:
            return self._random.choice([self._rotate, self._rotate, self._seal, self._open])
        if self._number == 1 and self._random.random() < 0.1:
            return self._back_up
        return self._random.choices(
            [self._replace, self._restore, self._rename, self._tune, self._delete, self._erase],
            [4, 2, 2, 2, 1, 1],
        )[0]

    async def _enrol(self) -> None:
        number = next(self._numbers)
        key = number * LANES + self._number
        new = NewVoice(
            GUILD, f"voice {number}", owner_id=OWNER + key, consented_by=OWNER + key,
            consented_at=GIVEN_AT, level="spoken",
        )  # fmt: skip
        sample = EnrolmentSample(clip_of(number), _REPORT, b"")
        saving = self._service.save(sample, new, consent_to(number, OWNER + key))
        await self._do("enrol", key, State(new.name, number), saving)

    async def _replace(self) -> None:
        key, state = self._any()
        number = next(self._numbers)
        sample = EnrolmentSample(clip_of(number), _REPORT, b"")
        replacing = self._service.replace(
            await self._id(key), sample, consented_by=OWNER + key, consented_at=GIVEN_AT,
            level="spoken", consent=consent_to(number, OWNER + key),
        )  # fmt: skip
        after = replace(state, clip=number, former=state.clip)
        await self._do("replace", key, after, replacing)

    async def _restore(self) -> None:
        key, state = self._any()
        if state.former is None:
            return await self._tune()
        after = replace(state, clip=state.former, former=state.clip)
        return await self._do("restore", key, after, self._store.restore(await self._id(key)))

    async def _rename(self) -> None:
        key, state = self._any()
        after = replace(state, name=f"name {next(self._numbers)}")
        await self._do("rename", key, after, self._store.rename(await self._id(key), after.name))

    async def _tune(self) -> None:
        key, state = self._any()
        after = replace(state, seed=self._random.randrange(1_000_000))
        tuning = self._store.tune(await self._id(key), seed=after.seed, **_TUNED)
        await self._do("tune", key, after, tuning)

    async def _delete(self) -> None:
        key, _ = self._any()
        await self._do("delete", key, None, self._store.delete(await self._id(key)))

    async def _erase(self) -> None:
        key, _ = self._any()
        await self._do("erase", key, None, Eraser.beside(self._store).erase_member(OWNER + key))

    async def _rotate(self) -> None:
        file = self._file
        assert file is not None

        async def rotate() -> None:
            await begin_rotation(self._store, file)
            await self._reseal()
            await finish_rotation(self._store, file)

        await self._do("rotate", None, None, rotate())

    async def _seal(self) -> None:
        await self._do("seal", None, None, self._reseal())

    async def _open(self) -> None:
        await self._do("open", None, None, self._reseal(plain=True))

    async def _back_up(self) -> None:
        """Write a backup, sealed where there is a key."""
        path = self._directory.parent / f"backup-{next(self._numbers)}"
        keys = self._store.keys if self._file is not None else None
        await self._do(
            "backup", None, None,
            asyncio.to_thread(make_backup, self._directory, path, _ignore, keys=keys),
        )  # fmt: skip

    async def _reseal(self, *, plain: bool = False) -> None:
        resealed = await Resealing.beside(self._store, plain=plain).run(lambda done, total: None)
        if resealed.failed:
            raise RuntimeError(f"not sealed: {resealed.failed}")

    def _any(self) -> tuple[int, State]:
        return self._random.choice(sorted(self._states.items(), key=lambda item: item[0]))

    async def _id(self, key: int) -> int:
        sql = "SELECT id FROM voices WHERE owner_id = ?"
        [row] = await self._store.database.read(sql, (OWNER + key,))
        return int(row[0])

    async def _do(
        self, operation: str, key: int | None, after: State | None, doing: Awaitable[object]
    ) -> None:
        """Say it, do it, say that it is done."""
        told = after.to_json() if after is not None else None
        self._tell(begun=operation, key=key, after=told)
        try:
            await doing
        except (UserError, VoiceRequestError) as refusal:
            self._tell(refused=str(refusal))
            return
        if key is not None and after is not None:
            self._states[key] = after
        elif key is not None:
            del self._states[key]
        self._tell(done=operation)

    def _tell(self, **what: object) -> None:
        self._say.send_bytes(json.dumps({"lane": self._number, **what}).encode())
