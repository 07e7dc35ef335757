"""What was said to be done, held against what is stored."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from storage.audit_check import verify
from storage.clip_files import clip_name
from storage.errors import StorageError
from storage.sqlite_database import SqliteDatabase
from storage.types import VoiceProfile
from storage.upkeep import _NEEDED
from storage.voices import VoiceStore
from tests.crash.states import GUILD, OWNER, State, faults_of


@dataclass
class Ledger:
    """states: what is acknowledged, by key. in_flight: what was begun, by lane, and not done.

    done: acknowledged operations by kind; cut: those that a kill met, by kind and what came of
    them: kept or undone.
    """

    states: dict[int, State] = field(default_factory=dict)
    in_flight: dict[int, dict[str, Any]] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    cut: Counter[str] = field(default_factory=Counter)
    swept: int = 0
    faults: list[str] = field(default_factory=list)
    last_number: int = 1

    def take(self, line: bytes) -> None:
        """Note what a child said."""
        told = json.loads(line)
        if "begun" in told:
            self.in_flight[told["lane"]] = told
            self.last_number = max(self.last_number, *_numbers(told))
            return
        begun = self.in_flight.pop(told["lane"])
        if "refused" in told:
            self.faults.append(f"{begun['begun']} was refused: {told['refused']}")
            return
        self.done[told["done"]] += 1
        self._accept(begun)

    async def prove(self, store: VoiceStore) -> None:
        """Read every voice; settle what was in flight by what is stored."""
        stored = {voice.owner_id - OWNER: voice for voice in await _all(store) if voice.owner_id}
        uncertain = {b["key"]: b for b in self.in_flight.values() if b["key"] is not None}
        for begun in self.in_flight.values():
            if begun["key"] is None:
                self.cut[f"{begun['begun']}: begun"] += 1
        for key in self.states.keys() | stored.keys() | uncertain.keys():
            await self._prove(store, key, stored.get(key), uncertain.get(key))
        self.in_flight.clear()

    async def prove_sweep(self, store: VoiceStore) -> None:
        """Sweep, and see that nothing is left over; the database and the trail are whole."""
        report = await store.check(verify=True)
        self.swept += len(report.swept)
        unwanted = {
            "moved": report.moved, "lost": report.lost, "damaged": report.damaged,
            "damaged evidence": report.damaged_evidence, "returned": report.returned,
        }  # fmt: skip
        self.faults += [f"{name}: {what}" for name, what in unwanted.items() if what]
        needed = {clip_name(row[0]) for row in await store.database.read(_NEEDED)}
        self.faults += [f"orphan {n}" for n in store.clips.kept.names() if n not in needed]
        if await store.database.read("SELECT * FROM unneeded_clips"):
            self.faults.append("unneeded clips are noted after the sweep")
        await self._prove_database(store)

    async def _prove_database(self, store: VoiceStore) -> None:
        if isinstance(store.database, SqliteDatabase):
            read = store.database.read
            told = [row[0] for row in await read("PRAGMA integrity_check")]
            told += [str(tuple(row)) for row in await read("PRAGMA foreign_key_check")]
            self.faults += [f"integrity_check: {line}" for line in told if line != "ok"]
        trail = await verify(store.database, GUILD, store.keys)
        self.faults += [f"audit trail: {fault}" for fault in trail]

    async def _prove(
        self,
        store: VoiceStore,
        key: int,
        voice: VoiceProfile | None,
        begun: dict[str, Any] | None,
    ) -> None:
        before = self.states.get(key)
        fault = await _fault(store, voice, before)
        if begun is not None:
            # Both may be so: the setting that was chosen by chance was the one before.
            kept = await _fault(store, voice, _after(begun)) is None
            if kept or fault is None:
                self.cut[f"{begun['begun']}: {'kept' if kept else 'undone'}"] += 1
                fault = None
            if kept:
                self._accept(begun)
        if fault is not None:
            self.faults.append(f"voice {key}: {fault} (begun: {begun})")

    def _accept(self, begun: dict[str, Any]) -> None:
        if begun["key"] is None:
            return
        after = _after(begun)
        if after is None:
            self.states.pop(begun["key"], None)
        else:
            self.states[begun["key"]] = after


def _after(begun: dict[str, Any]) -> State | None:
    return State(**begun["after"]) if begun["after"] is not None else None


def _numbers(begun: dict[str, Any]) -> list[int]:
    after = begun["after"] or {"name": "0", "clip": 0}
    return [after["clip"], int(after["name"].split()[-1])]


async def _fault(store: VoiceStore, voice: VoiceProfile | None, wanted: State | None) -> str | None:
    if voice is None or wanted is None:
        return None if voice is wanted else f"{voice and voice.name!r} instead of {wanted}"
    try:
        return "; ".join(await faults_of(store, voice, wanted)) or None
    except StorageError as error:
        return str(error)


async def _all(store: VoiceStore) -> list[VoiceProfile]:
    return await store.list_voices(GUILD, limit=10_000)
