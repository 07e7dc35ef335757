"""An empty network, and no privileges."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Mapping
from pathlib import Path

from bot.confinement.libc import machine, prctl, syscall

_UNSHARE: Mapping[str, int] = {"x86_64": 272, "aarch64": 97}
_CAPGET: Mapping[str, int] = {"x86_64": 125, "aarch64": 90}
_CAPSET: Mapping[str, int] = {"x86_64": 126, "aarch64": 91}
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000

_CAPABILITY_VERSION = 0x20080522  # _LINUX_CAPABILITY_VERSION_3
_DAC_OVERRIDE, _DAC_READ_SEARCH = 1 << 1, 1 << 2
_PR_SET_DUMPABLE, _PR_CAP_AMBIENT, _CLEAR_ALL = 4, 47, 4


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable"))


def leave_network() -> None:
    """Move this process, of one thread, into a network without any interface that is up.

    Raises OSError where the system does not let it, such as in a container.
    """
    number, user, group = _UNSHARE[machine()], os.getuid(), os.getgid()
    if os.geteuid() == 0:
        # Among users of its own root could not read what belongs to others, such as its program.
        syscall(number, _CLONE_NEWNET)
        return
    syscall(number, _CLONE_NEWUSER | _CLONE_NEWNET)
    with contextlib.suppress(OSError):  # only so that the process is shown as whom it is
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")


def drop_privileges() -> None:
    """Give up every capability, also those over a network of its own. Raises OSError.

    Root keeps that of reading, because a program may lie in another's folder.
    """
    name = machine()
    with contextlib.suppress(OSError):  # a kernel that knows none
        prctl(_PR_CAP_AMBIENT, _CLEAR_ALL)
    header, sets = _Header(_CAPABILITY_VERSION, 0), (_Sets * 2)()
    syscall(_CAPGET[name], ctypes.byref(header), ctypes.byref(sets))
    kept = _reading(sets[0].permitted) if os.geteuid() == 0 else 0
    sets = (_Sets * 2)(_Sets(kept, kept, 0), _Sets(0, 0, 0))
    syscall(_CAPSET[name], ctypes.byref(header), ctypes.byref(sets))


def _reading(permitted: int) -> int:
    """Return the capability of reading that root has; containers leave it the wider one."""
    return permitted & _DAC_READ_SEARCH or permitted & _DAC_OVERRIDE


def hide_memory() -> None:
    """Let no other program of the same user look into this process, and no dump be made of it.

    Raises OSError.
    """
    machine()
    prctl(_PR_SET_DUMPABLE, 0)
