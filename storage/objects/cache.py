"""Clips of an object store as files that workers of this machine read, sealed as in the store."""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from pathlib import Path

from storage.clips import TEMPORARY_SUFFIX
from storage.files import write_atomically
from storage.objects.bucket import ObjectFacts

LOOK_SECONDS = 60.0
"""How long a file is taken for what the store holds, before the store is asked again: whoever
deletes or seals anew from another machine cannot reach into this one's files."""

_LOCKS = 64

Fetch = Callable[[str], tuple[bytes, ObjectFacts]]
Look = Callable[[str], ObjectFacts]


class _Kept:
    __slots__ = ("facts", "looked")

    def __init__(self, facts: ObjectFacts, looked: float) -> None:
        self.facts, self.looked = facts, looked


class ClipCache:
    """Files of a directory that is this process's alone; the least recently held go first.

    most_bytes: bound of all files; those that are held at the moment stay beyond it. fetch, look:
    of the store; raise OSError. clock: seconds, monotonic. Its methods may be called in any thread.
    """

    def __init__(
        self,
        directory: Path,
        most_bytes: int,
        fetch: Fetch,
        look: Look,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.directory = directory
        self._most_bytes, self._fetch, self._look, self._clock = most_bytes, fetch, look, clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._held: Counter[str] = Counter()
        self._index = threading.Lock()
        self._turns = tuple(threading.Lock() for _ in range(_LOCKS))

    @property
    def bytes_used(self) -> int:
        """Bytes of all files."""
        with self._index:
            return sum(kept.facts.size for kept in self._kept.values())

    def hold(self, name: str) -> Path:
        """Return a clip's file, fetched unless it is there; it stays until it is let go.

        Raises OSError where it cannot be fetched; FileNotFoundError where the store has it no more.
        """
        path = self.directory / name
        with self._turn(name):
            if not self._is_current(name):
                content, facts = self._fetch(name)
                write_atomically(path, content, TEMPORARY_SUFFIX)
                with self._index:
                    self._kept[name] = _Kept(facts, self._clock())
            with self._index:
                self._kept.move_to_end(name)
                self._held[name] += 1
        self._make_room()
        return path

    def let_go(self, name: str) -> None:
        """Say that whoever held a clip does not need its file now."""
        with self._index:
            self._held[name] -= 1
            if self._held[name] <= 0:
                del self._held[name]
        self._make_room()

    def forget(self, name: str) -> None:
        """Remove a clip's file, also while it is held, and after a fetch that is under way.

        Raises OSError where it cannot be removed.
        """
        with self._turn(name):
            self._remove(name)

    def _turn(self, name: str) -> threading.Lock:
        return self._turns[hash(name) % _LOCKS]

    def _is_current(self, name: str) -> bool:
        with self._index:
            kept = self._kept.get(name)
        if kept is None:
            return False
        if self._clock() - kept.looked < LOOK_SECONDS:
            return True
        try:
            facts = self._look(name)
        except FileNotFoundError:
            self._remove(name)
            raise
        except OSError:
            return True  # a store that is away silences nobody whose clip is here
        kept.looked = self._clock()
        return facts == kept.facts

    def _remove(self, name: str) -> None:
        (self.directory / name).unlink(missing_ok=True)
        with self._index:
            self._kept.pop(name, None)

    def _make_room(self) -> None:
        while (name := self._too_much()) is not None:
            with self._turn(name):
                if name in self._held:
                    continue
                try:
                    self._remove(name)
                except OSError:  # the next that is held or let go tries again
                    return

    def _too_much(self) -> str | None:
        with self._index:
            if sum(kept.facts.size for kept in self._kept.values()) <= self._most_bytes:
                return None
            return next((name for name in self._kept if name not in self._held), None)
