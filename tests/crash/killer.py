"""Starts the child, kills it at a random moment, and looks at what it left."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any

from storage.backups.restoring import BackupReader
from storage.errors import StorageError, UnknownKeyError
from storage.key_file import create_key_file, new_key
from storage.leftovers import dead
from storage.sealing import NO_KEYS, KeyRing
from storage.voices import VoiceStore
from tests.crash import child
from tests.crash.ledger import Ledger

PLAIN_SHARE = 0.25
"""Of the kills, before there is a key and sealing begins."""
MOST_LINES = 60
"""So many things a child may say before it is killed."""
LONGEST_PAUSE_SECONDS = 0.03
"""Between what it said and its death."""
PATIENCE_SECONDS = 120.0
"""A child that says nothing for so long hangs."""


class Killer:
    """Kills children on one data directory; the ledger says what came of it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.ledger = Ledger()
        self.kills = self.at_start = self.sealed_kills = self.backups = 0
        self.backups_of_former_keys = 0
        self._directory, self._key_file = folder / "data", folder / "mynah.key"
        self._random, self._seed = Random(seed), seed
        self._heard = False
        # Imports once; a fresh interpreter for each child would take a second of its life.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([child.__name__, "tests.endurance"])

    def run(self, kills: int, advance: Callable[[int], None]) -> None:
        """Kill so often, and stop at the first loss."""
        while self.kills < kills and not self.ledger.faults:
            if self.kills == int(kills * PLAIN_SHARE):
                create_key_file(self._key_file, [new_key()])
            self._kill_one()
            self.kills += 1
            self.sealed_kills += self._key_file.exists()
            swept = self.kills % 2 == 0 or self.kills == kills
            asyncio.run(self._prove(swept=swept))
            advance(1)

    def to_json(self) -> dict[str, Any]:
        """Return what became of everything."""
        ledger = self.ledger
        return {
            "kills": self.kills,
            "kills_with_sealed_data": self.sealed_kills,
            "kills_while_starting": self.at_start,
            "acknowledged": sum(ledger.done.values()),
            "acknowledged_by_kind": dict(ledger.done.most_common()),
            "operations_cut": sum(ledger.cut.values()),
            "cut_by_kind": dict(sorted(ledger.cut.items())),
            "files_swept": ledger.swept,
            "backups_found": self.backups,
            "of_them_by_former_keys": self.backups_of_former_keys,
            "voices_in_the_end": len(ledger.states),
            "faults": ledger.faults,
        }

    def _kill_one(self) -> None:
        ledger = self.ledger
        key_file = self._key_file if self._key_file.exists() else None
        orders = child.Orders(
            self._directory, key_file, self._seed + self.kills, dict(ledger.states),
            ledger.last_number + 1,
        )  # fmt: skip
        self._heard = False
        mine, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(target=child.work, args=(orders, theirs))
        process.start()
        theirs.close()
        try:
            self._wait(mine)
            process.kill()
            process.join()
            self._drain(mine)
        finally:
            mine.close()
        if process.exitcode != -9:
            ledger.faults.append(f"the child ended by itself, with {process.exitcode}")
        process.close()
        self.at_start += not self._heard

    def _wait(self, said: Connection) -> None:
        """Wait for a random moment: while it starts, or some time after something was said."""
        if self._random.random() < 0.15:
            time.sleep(self._random.uniform(0, 0.2))
            return
        for _ in range(self._random.randrange(1, MOST_LINES)):
            if not said.poll(PATIENCE_SECONDS):
                self.ledger.faults.append("the child hung")
                return
            if not self._take(said):
                return
        time.sleep(self._random.uniform(0, LONGEST_PAUSE_SECONDS))

    def _drain(self, said: Connection) -> None:
        while self._take(said):
            pass

    def _take(self, said: Connection) -> bool:
        """Note one thing that a child said; False when it says nothing any more."""
        try:
            self.ledger.take(said.recv_bytes())
        except EOFError:
            return False
        self._heard = True
        return True

    async def _prove(self, *, swept: bool) -> None:
        keys = KeyRing.from_file(self._key_file) if self._key_file.exists() else NO_KEYS
        async with VoiceStore.open(self._directory, keys) as store:
            await self.ledger.prove(store)
            if swept:
                await self.ledger.prove_sweep(store)
            self._prove_backups(keys)
            if swept and (left := dead(self._directory)):
                self.ledger.faults.append(f"after the sweep there is {left}")

    def _prove_backups(self, keys: KeyRing) -> None:
        """Read those that are there, acknowledged or not: a file is whole or is not there."""
        for path in self._directory.parent.glob("backup-*"):
            self.backups += 1
            try:
                with path.open("rb") as file:
                    BackupReader(file, keys).check(lambda count: None)
            except UnknownKeyError:  # of a key that was changed since, which operators keep
                self.backups_of_former_keys += 1
            except StorageError as error:
                self.ledger.faults.append(f"{path.name}: {error}")
            path.unlink()
        if self.backups < self.ledger.done["backup"]:
            self.ledger.faults.append("a backup that was said to be written is not there")
