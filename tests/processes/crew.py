"""The processes, what they did, and whether anybody saw what was no more."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

import numpy as np

from bot.app import open_store
from bot.config import Settings
from bot.config_sections import StorageSettings
from tests.crash.ledger import Ledger
from tests.processes.child import Task, work

START_SECONDS = 60.0
MOST_STALE_SECONDS = 1.0


@dataclass
class Member:
    """One process, and what it said."""

    process: BaseProcess
    connection: Connection
    ledger: Ledger = field(default_factory=Ledger)
    seen: dict[str, Any] = field(default_factory=dict)


class Crew:
    """Several processes that store in one place. places: of each of them.

    Those of one machine are the same; those of several differ in their data directories.
    """

    def __init__(self, places: Sequence[StorageSettings], seed: int) -> None:
        self._places, self._seed, self._processes = places, seed, len(places)
        self.members: list[Member] = []

    def run(self, seconds: float) -> None:
        """Have them work for so long, from when all have opened what they work on."""
        for number, place in enumerate(self._places):
            self.members.append(self._started(number, place))
        self._wait_until_open()
        until = time.monotonic() + seconds
        for member in self.members:
            with suppress(OSError):  # of one that ended; its exit code is told of
                member.connection.send(until)
        self._listen(until + START_SECONDS)
        for member in self.members:
            member.process.join(START_SECONDS)
            if member.process.exitcode != 0:
                member.ledger.faults.append(f"a process ended with {member.process.exitcode}")
                member.process.kill()
                member.process.join()

    def _started(self, number: int, place: StorageSettings) -> Member:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        task = Task(place, self._seed, number, self._processes)
        process = context.Process(target=work, args=(task, theirs))
        process.start()
        theirs.close()
        return Member(process, ours)

    def _wait_until_open(self) -> None:
        until = time.monotonic() + START_SECONDS
        for member in self.members:
            member.connection.poll(max(0.0, until - time.monotonic()))

    def _listen(self, until: float) -> None:
        by_connection = {member.connection: member for member in self.members}
        while by_connection and time.monotonic() < until:
            for connection in wait(list(by_connection), 1.0):
                assert isinstance(connection, Connection)
                try:
                    self._take(by_connection[connection], connection.recv_bytes())
                except EOFError:
                    by_connection.pop(connection)
                    connection.close()

    def _take(self, member: Member, line: bytes) -> None:
        told = json.loads(line)
        if "open" in told:
            return
        if "seen" in told:
            member.seen = told["seen"]
        else:
            member.ledger.take(line)

    async def prove(self) -> dict[str, Any]:
        """Read everything that is said to be stored; return what was found, as JSON."""
        ledger = Ledger()
        for member in self.members:
            ledger.states |= member.ledger.states
            ledger.faults += member.ledger.faults
            ledger.done += member.ledger.done
            ledger.in_flight |= {len(ledger.in_flight): begun
                                 for begun in member.ledger.in_flight.values()}  # fmt: skip
        async with open_store(Settings(storage=self._places[0])) as store:
            await ledger.prove(store)
            await ledger.prove_sweep(store)
        failed = [text for member in self.members for text in member.seen.get("failed", ["silent"])]
        return {
            "processes": self._processes,
            "done": dict(ledger.done),
            "faults": ledger.faults,
            "refused": dict(Counter(failed)),
            "uses": sum(len(member.seen.get("uses", ())) for member in self.members),
            **self._stale(),
        }

    def _stale(self) -> dict[str, Any]:
        """How long voices were used after they had gone, and how long until that was told."""
        went = {h: times for m in self.members for h, times in m.seen.get("went", {}).items()}
        stale, delays, untold = [0.0], [], 0
        for member in self.members:
            uses = member.seen.get("uses", ())
            stale += [begun - went[sha256][1] for sha256, begun in uses if sha256 in went]
            for sha256 in went.keys() & member.seen.get("in_use", {}).keys():
                delay = _delay(member.seen, sha256, *went[sha256])
                heeded = member.seen["ended"] > went[sha256][1] + MOST_STALE_SECONDS
                untold += delay is None and heeded
                delays += [delay] if delay is not None else []
        return {
            "changes": len(went),
            "used_after_seconds": round(max(stale), 3),
            "told": len(delays),
            "untold": untold,
            "told_p50_seconds": round(float(np.median(delays)), 3) if delays else None,
            "told_most_seconds": round(max([0.0, *delays]), 3),
        }


def _delay(seen: dict[str, Any], sha256: str, begun: float, done: float) -> float | None:
    """Return when a process was told of a change of a voice in use; None where it never was."""
    voice = seen["in_use"][sha256]
    told = [at for voice_id, at in seen["told"] if voice_id == voice and at >= begun]
    return max(0.0, min(told) - done) if told else None


def wrong(found: dict[str, Any]) -> list[str]:
    """Return what is not as it should be."""
    is_so = {
        "something was lost": bool(found["faults"]),
        "something was refused": bool(found["refused"]),
        "a voice was used after it had gone": found["used_after_seconds"] > MOST_STALE_SECONDS,
        "a change was told late": found["told_most_seconds"] > MOST_STALE_SECONDS,
        "a change was never told": found["untold"] > 0,
        "nothing was done": not found["done"] or not found["told"],
    }
    return [what for what, so in is_so.items() if so]
