"""The system calls that Python has no functions for, by way of the C library's `syscall`."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Mapping
from typing import Any

MACHINES = ("x86_64", "aarch64")
"""As `platform.machine` calls them, in the order of the columns of `syscalls`."""

_PRCTL: Mapping[str, int] = {"x86_64": 157, "aarch64": 167}


def machine() -> str:
    """Return the architecture whose calls this process makes.

    Raises OSError where there are no walls: not Linux, another architecture, a 32-bit program.
    """
    name = platform.machine()
    if sys.platform != "linux":
        raise OSError(f"{platform.system() or sys.platform} has none")
    if name not in MACHINES or sys.maxsize <= 2**32:
        raise OSError(f"not written for {name}")
    return name


def syscall(number: int, *arguments: Any) -> int:
    """Make a system call; arguments are whole numbers or pointers of ctypes. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    whole = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = int(libc.syscall(ctypes.c_long(number), *whole))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def prctl(option: int, *arguments: int) -> None:
    """Change something of this process. Raises OSError."""
    padded = [*arguments, 0, 0, 0, 0][:4]
    syscall(_PRCTL[machine()], option, *padded)
