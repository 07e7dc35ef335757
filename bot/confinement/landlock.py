"""Landlock: what of the file system, and which TCP ports, a process can use no more.

Sources: linux/landlock.h; Documentation/userspace-api/landlock.rst.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

from bot.confinement.libc import machine, syscall
from bot.confinement.seccomp import forbid_new_privileges

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # of both architectures
_VERSION = 1  # LANDLOCK_CREATE_RULESET_VERSION
_PATH_BENEATH = 1

READ_FILE, READ_DIRECTORY = 1 << 2, 1 << 3
NETWORK_VERSION, SIGNAL_VERSION = 4, 6
"""Versions of Landlock from which on it knows of TCP, and of signals and abstract sockets."""

_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
"""How many rights there are from a version on; each is a bit, from the lowest."""

_TCP = 0b11  # bind, connect
_ABSTRACT_SOCKETS, _SIGNALS = 1, 2


class _Ruleset(ctypes.Structure):
    """`struct landlock_ruleset_attr`."""

    _fields_ = tuple((name, ctypes.c_uint64) for name in ("files", "network", "scoped"))


class _PathBeneath(ctypes.Structure):
    """`struct landlock_path_beneath_attr`."""

    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("parent", ctypes.c_int32))


def version() -> int:
    """Return the kernel's version of Landlock. Raises OSError where there is none."""
    machine()
    return syscall(_CREATE_RULESET, None, 0, _VERSION)


def allow_reading_only(paths: Iterable[Path]) -> None:
    """Have this thread, and those that it starts, read `paths` and what lies in them; no more.

    It writes nothing and, where Landlock can tell, makes no TCP connection, reaches no abstract
    socket and signals nobody outside. What does not exist is passed over. Raises OSError.
    """
    known = version()
    rights = max(count for since, count in _FILE_RIGHTS.items() if since <= known)
    scoped = _ABSTRACT_SOCKETS | _SIGNALS
    ruleset = _new_ruleset(known, _Ruleset((1 << rights) - 1, _TCP, scoped))
    try:
        for path in paths:
            with contextlib.suppress(FileNotFoundError, PermissionError, NotADirectoryError):
                _allow_reading(ruleset, path)
        _restrict(ruleset)
    finally:
        os.close(ruleset)


def refuse_tcp() -> None:
    """Have this thread, and those that it starts, make no TCP connection. Raises OSError."""
    known = version()
    if known < NETWORK_VERSION:
        raise OSError(f"version {known} knows no network")
    ruleset = _new_ruleset(known, _Ruleset(0, _TCP, _SIGNALS))
    try:
        _restrict(ruleset)
    finally:
        os.close(ruleset)


def _new_ruleset(known: int, told: _Ruleset) -> int:
    fields = 1 if known < NETWORK_VERSION else 2 if known < SIGNAL_VERSION else 3
    return syscall(_CREATE_RULESET, ctypes.byref(told), 8 * fields, 0)


def _allow_reading(ruleset: int, path: Path) -> None:
    handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = READ_FILE | READ_DIRECTORY if path.is_dir() else READ_FILE
        rule = _PathBeneath(rights, handle)
        syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(handle)


def _restrict(ruleset: int) -> None:
    forbid_new_privileges()
    syscall(_RESTRICT_SELF, ruleset, 0)
