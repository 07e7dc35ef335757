"""Lets the disk fail at each call that an operation makes, one after the other.

    LD_PRELOAD=SHIM ... python -m tests.disk.points f|r|e STEP

STEP: every so manyth call. Prints how many points of each operation were tried, what the program
said and what was damaged. After each, every voice is read bit for bit: the one that was worked on
must be as before or as it should become.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.enrolment.types import EnrolmentSample
from bot.logs import configure_logging
from storage.erasure import Eraser
from tests.crash.states import GIVEN_AT, OWNER, State, clip_of, consent_to
from tests.disk.child import REPORT, Disk, Trial, outcome_of

MOST_POINTS = 5000
"""An operation that makes more calls than that does not end."""


class Points(Trial):
    """Operations on one voice, and how it should be after each."""

    def __init__(self, directory: Path, disk: Disk, step: int) -> None:
        super().__init__(directory, disk)
        self._step, self._number = step, 100
        self.said: dict[str, Counter[str]] = {}
        self.faults: list[str] = []

    async def run(self) -> None:
        async with self.opened():
            for name in ("enrol", "replace", "rename", "delete", "erase", "rotate"):
                self.said[name] = Counter()
                await self._try_points(name)

    async def _try_points(self, name: str) -> None:
        for point in range(0, MOST_POINTS, self._step):
            key, after, operation = await self._prepared(name)
            before = self.states.get(key)
            with self.disk.failing(after=point):
                outcome = await outcome_of(operation)
            self.said[name][outcome["kind"] or ""] += 1
            await self._settle(key, before, after, f"{name} at call {point}: {outcome}")
            if outcome["kind"] == "done" and self.disk.calls_left > 0:
                return
            if outcome["kind"] != "done" and outcome["member"] is None:
                self.faults.append(f"{name} at call {point} raised {outcome}")
        self.faults.append(f"{name} made more than {MOST_POINTS} calls")

    async def _settle(self, key: int, before: State | None, after: State | None, what: str) -> None:
        """Take what is stored for the state of the voice, if it is one of the two."""
        damaged = []
        for state in (after, before):
            self.states.pop(key, None)
            if state is not None:
                self.states[key] = state
            damaged = await self.damaged()
            if not damaged:
                return
        self.faults.append(f"{what}: {damaged}")

    async def _prepared(
        self, name: str
    ) -> tuple[int, State | None, Callable[[], Awaitable[object]]]:
        """Return a voice, its state after the operation, and the operation."""
        self._number += 1
        number, store = self._number, self.store
        if name == "enrol":
            return number, State(f"voice {number}", number), lambda: self.enrol(number)
        if name == "rotate":
            return 1, self.states[1], self._rotate
        key = max(self.states)
        if key < 100:
            key = number
            await self.enrol(key)
        if key not in self.ids:
            [row] = await store.database.read(
                "SELECT id FROM voices WHERE owner_id = ?", (OWNER + key,)
            )
            self.ids[key] = row[0]
        state, voice = self.states[key], self.ids[key]
        if name == "replace":
            after = State(state.name, number, state.clip)
            return key, after, lambda: self._replace_with(key, number)
        if name == "rename":
            after = State(f"name {number}", state.clip, state.former)
            return key, after, lambda: store.rename(voice, after.name)
        if name == "delete":
            return key, None, lambda: store.delete(voice)
        return key, None, lambda: Eraser.beside(store).erase_member(OWNER + key)

    async def _replace_with(self, key: int, number: int) -> None:
        owner = OWNER + key
        sample = EnrolmentSample(clip_of(number), REPORT, b"")
        consent = consent_to(number, owner)
        await self.service.replace(
            self.ids[key], sample, consented_by=owner, consented_at=GIVEN_AT, level="spoken",
            consent=consent,
        )  # fmt: skip


def main() -> None:
    configure_logging("critical", "json")
    points = Points(Path(os.environ["DISK_UNDER"]), Disk(sys.argv[1]), int(sys.argv[2]))
    asyncio.run(points.run())
    print(json.dumps({"said": points.said, "faults": points.faults}))


if __name__ == "__main__":
    main()
