"""Whether the database can be read and written, as the last access of each kind shows."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass

from storage.errors import StorageError


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an access failed, and with it those since. since: of `time.monotonic`, in s."""

    reason: str
    since: float


class Troubles:
    """Notes what fails, and forgets it once an access of that kind works.

    causes: errors of the driver, by which a StorageError is one of the database and not such as of
    a damaged clip.
    """

    def __init__(self, causes: tuple[type[BaseException], ...] = (sqlite3.Error,)) -> None:
        self._causes = causes
        self._of: dict[str, Trouble] = {}

    @property
    def first(self) -> Trouble | None:
        """One of what fails at the moment."""
        return next(iter(self._of.values()), None)

    @contextlib.contextmanager
    def noting(self, access: str) -> Iterator[None]:
        """Take note of how an access goes. access: its kind, "read" or "write"."""
        try:
            yield
        except StorageError as error:
            if isinstance(error.__cause__, self._causes):
                self._of.setdefault(access, Trouble(str(error), time.monotonic()))
            raise
        self._of.pop(access, None)
