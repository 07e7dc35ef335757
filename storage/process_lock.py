"""Which processes run the bot on a data directory: each for shards that no other one has.

A process says in a file of `mynah.processes/` who it is, which shards it runs and, once it has
logged in, of which application, and holds a lock on that for as long as it lives. The system
releases such a lock when its process ends, however it ends: what one that was killed left behind is
removed by whoever comes next.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

from storage.bot_processes import RunningProcess, SharedPlace, side_by_side
from storage.errors import DirectoryInUseError
from storage.layout import PROCESSES_NAME
from storage.private import make_private_directory, open_private
from storage.shards import Shards, parse_shards

log = logging.getLogger(__name__)

SUFFIX = ".run"
SOCKET_SUFFIX = ".sock"
"""Of where a process of some shards answers; see `bot.operations.control_socket`."""

_ENTRY_NAME = "entry.lock"
_ENTRY_SECONDS = 10.0
"""How long others may come and go before; each takes milliseconds."""

_LOOK_SECONDS = 0.02
_MOST_BYTES = 200_000  # 16,384 shards in the longest way to write them
_BUSY = (errno.EWOULDBLOCK, errno.EACCES)


def name_of(shards: Shards | None) -> str:
    """Return what tells a process from the others on a data directory.

    Shards of which none is one of both have different first ones.
    """
    return "all" if shards is None else f"shard-{shards.ids[0]}"


@contextlib.contextmanager
def running(directory: Path, shards: Shards | None) -> Iterator[None]:
    """Run the bot on a data directory, for some shards or for all (None), until the block ends.

    Where no lock can be had, such as on a full or read-only file system, it goes on without.

    Raises DirectoryInUseError, which says who has them, where another process runs one of them.
    """
    try:
        descriptor = _enter(directory / PROCESSES_NAME, shards)
    except OSError as error:
        if directory.is_dir():  # else whoever opens it says what is wrong
            log.warning("Nothing keeps a second bot from running on %s: no lock can be had there "
                        "(%s).", directory, error.strerror)  # fmt: skip
        yield
        return
    try:
        yield
    finally:
        _leave(directory / PROCESSES_NAME, shards, descriptor)


def claim(directory: Path, shards: Shards, application_id: int) -> None:
    """Say whose bot it is that this process runs, within `running`. Blocks for at most 10 s.

    Raises DirectoryInUseError where another process runs another application's on the data
    directory. What is stored belongs to none: when all have ended, another one may run on it.
    """
    processes = directory / PROCESSES_NAME
    own = processes / f"{name_of(shards)}{SUFFIX}"
    try:
        with _alone(processes):
            for path in sorted(processes.glob(f"*{SUFFIX}")):
                other = None if path == own else _who(path)
                if other is not None and other.application_id not in (None, application_id):
                    raise _place(directory).of_another(application_id, other)
            _tell(own, shards, application_id)
    except OSError as error:
        log.warning("Nothing keeps two applications from running on %s: nothing can be noted "
                    "there (%s).", directory, error.strerror)  # fmt: skip


def list_running(directory: Path) -> list[RunningProcess]:
    """Return which processes run the bot on a data directory. Changes nothing there."""
    with contextlib.suppress(OSError):
        paths = sorted((directory / PROCESSES_NAME).glob(f"*{SUFFIX}"))
        return [found for path in paths if (found := _who(path)) is not None]
    return []


def _enter(processes: Path, shards: Shards | None) -> int:
    make_private_directory(processes)
    with _alone(processes):
        for path in sorted(processes.glob(f"*{SUFFIX}")):
            other = _who(path)
            if other is None:
                path.with_suffix(SOCKET_SUFFIX).unlink(missing_ok=True)
                path.unlink(missing_ok=True)
            elif not side_by_side(shards, other.shards):
                raise _place(processes.parent).in_use(shards, other)
        return _noted(processes / f"{name_of(shards)}{SUFFIX}", shards)


def _leave(processes: Path, shards: Shards | None, descriptor: int) -> None:
    try:
        with _alone(processes):
            (processes / f"{name_of(shards)}{SUFFIX}").unlink(missing_ok=True)
    except (OSError, DirectoryInUseError):
        pass  # without its lock it counts for nothing
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _alone(processes: Path) -> Iterator[None]:
    """Keep others from coming and going meanwhile. Raises DirectoryInUseError, OSError."""
    descriptor = open_private(processes / _ENTRY_NAME)
    try:
        until = time.monotonic() + _ENTRY_SECONDS
        while not _locked(descriptor):
            if time.monotonic() > until:
                raise DirectoryInUseError(
                    f"Another process has held {processes / _ENTRY_NAME} for "
                    f"{_ENTRY_SECONDS:.0f} s. Is one of the bots there stopped? Try again."
                )
            time.sleep(_LOOK_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _BUSY:
            return False
        raise
    return True


def _noted(path: Path, shards: Shards | None) -> int:
    """Write who runs what into a new file; return a descriptor that holds its lock."""
    # Not inherited: a worker that outlives its parent for a moment must not hold it.
    descriptor = open_private(path, os.O_RDWR | os.O_EXCL)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(descriptor, _content(shards))
    except OSError:
        os.close(descriptor)
        path.unlink(missing_ok=True)
        raise
    return descriptor


def _tell(path: Path, shards: Shards, application_id: int) -> None:
    """Add the application to what a process has noted. Raises OSError."""
    # Not truncated first: it only gets longer, and who cannot read it counts as having all shards.
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.pwrite(descriptor, _content(shards, application_id), 0)
    finally:
        os.close(descriptor)


def _content(shards: Shards | None, application_id: int | None = None) -> bytes:
    told: dict[str, int | str] = {"pid": os.getpid(), "shards": str(shards) if shards else "auto"}
    if application_id is not None:
        told["application"] = application_id
    return json.dumps(told).encode()


def _who(path: Path) -> RunningProcess | None:
    """Return who holds the lock of a file; None where nobody does."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        if _locked(descriptor):
            return None
        return _read(os.read(descriptor, _MOST_BYTES))
    finally:
        os.close(descriptor)


def _read(content: bytes) -> RunningProcess:
    try:
        told = json.loads(content)
        application = told.get("application")
        return RunningProcess(
            int(told["pid"]),
            parse_shards(str(told["shards"])),
            None if application is None else int(application),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return RunningProcess(None, None)  # whoever it is may have all of them


def _place(directory: Path) -> SharedPlace:
    return SharedPlace(str(directory.absolute()), "storage.directory")
