"""Walls, built one after the other; one that cannot be built is told and stops nothing."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.confinement import landlock, namespace, readable, seccomp
from bot.confinement.libc import machine
from bot.confinement.wall import Wall

NAMESPACE, LANDLOCK, SECCOMP = "network namespace", "Landlock", "seccomp"
LANDLOCK_NETWORK, LANDLOCK_SIGNALS = "Landlock's network rules", "Landlock's signal rules"
PRIVILEGES, MEMORY = "privileges dropped", "memory hidden"

WALLS = {
    "no network": (NAMESPACE, SECCOMP, LANDLOCK_NETWORK),
    "no file written": (SECCOMP, LANDLOCK),
    "no file read but Python and its libraries": (LANDLOCK,),
    "no new process": (SECCOMP,),
    "no reach into other processes": (SECCOMP, LANDLOCK, LANDLOCK_SIGNALS),
    "no privileges": (PRIVILEGES,),
    "no look into its memory": (MEMORY,),
}
"""What stands between a confined process and the rest, and what holds each."""

THREADS_SECONDS = 1.0
"""How long a thread that ended may take to be gone for the kernel, too."""


@dataclass(frozen=True, slots=True)
class Confinement:
    """What a confined process may read besides Python and its libraries; it writes nothing.

    closed: what it must never read, such as the data directory; that it lies among what has to be
    readable is told.
    """

    reads: tuple[Path, ...] = ()
    closed: tuple[Path, ...] = ()


def confine(confinement: Confinement) -> tuple[Wall, ...]:
    """Wall this process in, for good, and return what stands.

    It goes on computing, reading its libraries and using the files and sockets that are open. The
    process has one thread, or Landlock would not hold the others. Never raises OSError.
    """
    one_thread = _wait_for_threads()
    tried: dict[str, str | None] = {
        NAMESPACE: _reason(namespace.leave_network),
        PRIVILEGES: _reason(namespace.drop_privileges),
        MEMORY: _reason(namespace.hide_memory),
        LANDLOCK: _reason(partial(_read_only, confinement)),
    }
    if tried[LANDLOCK] is None and not one_thread:
        tried[LANDLOCK] = "other threads run beside it"
    for name, since in (
        (LANDLOCK_NETWORK, landlock.NETWORK_VERSION),
        (LANDLOCK_SIGNALS, landlock.SIGNAL_VERSION),
    ):
        tried[name] = tried[LANDLOCK] or _reason(partial(_require_landlock, since))
    tried[SECCOMP] = _reason(_filter_calls)
    return tuple(_wall(name, means, tried) for name, means in WALLS.items())


def close_network() -> tuple[Wall, ...]:
    """Have this process open no network connection any more, and end those that are open.

    Sockets to programs of the same machine stay. Never raises OSError.
    """
    tried = {
        SECCOMP: _reason(lambda: seccomp.install(seccomp.without_network(machine()), quick=True)),
        LANDLOCK_NETWORK: _reason(landlock.refuse_tcp),
    }
    _end_connections()
    return (_wall("no network", (SECCOMP, LANDLOCK_NETWORK), tried),)


def _wall(name: str, means: Sequence[str], tried: dict[str, str | None]) -> Wall:
    missing = tuple((m, reason) for m in means if (reason := tried[m]) is not None)
    return Wall(name, tuple(m for m in means if tried[m] is None), missing)


def _reason(build: Callable[[], None]) -> str | None:
    """Build something; why it could not be built, or None if it stands."""
    try:
        build()
    except OSError as error:
        return error.strerror or str(error)
    return None


def _read_only(confinement: Confinement) -> None:
    machine()  # before /proc is read, which only Linux has
    paths = readable.without_parts([*readable.python(), *confinement.reads])
    landlock.allow_reading_only(paths)
    for closed in confinement.closed:
        for path in paths:
            if closed.resolve().is_relative_to(path):
                raise OSError(f"{closed} lies in {path}, which has to be readable; move it")


def _require_landlock(since: int) -> None:
    known = landlock.version()
    if known < since:
        raise OSError(f"version {known} of the kernel's, {since} is needed")


def _filter_calls() -> None:
    seccomp.install(seccomp.confined(machine(), os.getpid()))


def _end_connections() -> None:
    """Put a dead socket in the place of each that leads to the network."""
    dead, other = socket.socketpair()
    other.close()
    with dead:
        for handle in _open_handles():
            if _leads_out(handle):
                os.dup2(dead.fileno(), handle, inheritable=False)


def _open_handles() -> list[int]:
    try:
        return [int(path.name) for path in Path("/proc/self/fd").iterdir()]
    except OSError:
        return []


def _leads_out(handle: int) -> bool:
    try:
        copy = socket.socket(fileno=os.dup(handle))
    except OSError:  # no socket
        return False
    with copy:
        return copy.family != socket.AF_UNIX


def _wait_for_threads() -> bool:
    """Wait until this process has one thread; whether it has."""
    end = time.monotonic() + THREADS_SECONDS
    while (count := _threads()) > 1 and time.monotonic() < end:
        time.sleep(0.001)
    return count <= 1


def _threads() -> int:
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:  # not Linux
        return 1
