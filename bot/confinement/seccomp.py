"""Which system calls a process may make no more, and how that is told to the kernel.

What is refused is listed, not what is allowed: a list of all that the C library, numpy and FFmpeg
may call changes with each of their versions, and what breaks a worker protects nobody. Calls that
are younger than the list do not exist for the process.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Mapping

from bot.confinement import bpf, syscalls
from bot.confinement.bpf import Program
from bot.confinement.libc import MACHINES, machine, prctl, syscall

LAST_KNOWN = 451
"""The youngest call that the lists were made with (cachestat, Linux 6.5)."""

HIGHEST = 0x3FFFFFFF
"""Of the calls of an architecture; above are those of x32, which go to the same places."""

AF_UNIX = 1
CLONE_THREAD = 0x00010000
TIOCSTI, TIOCLINUX = 0x5412, 0x541C
"""Both put words into the mouth of whoever sits at the terminal."""

_O_TMPFILE = 0x400000
WRITING_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | _O_TMPFILE

_SECCOMP: Mapping[str, int] = {"x86_64": 317, "aarch64": 277}
_SET_MODE_FILTER, _FILTER_FLAG_TSYNC, _FILTER_FLAG_SPEC_ALLOW = 1, 1, 4
_PR_SET_NO_NEW_PRIVS = 38


class _Filter(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def confined(name: str, own: int) -> Program:
    """Return the filter of a process that computes on what it is given, and does nothing else.

    name: of the architecture. own: the process's id.
    """
    calls = _Calls(name)
    calls.refuse(syscalls.NETWORK, errno.EPERM)
    calls.refuse(syscalls.PROCESSES, errno.EPERM)
    calls.refuse(syscalls.OTHERS, errno.EPERM)
    calls.refuse(syscalls.KERNEL, errno.EPERM)
    calls.refuse(syscalls.IDENTITY, errno.EPERM)
    calls.refuse(syscalls.WRITING, errno.EACCES)
    calls.rule("clone", bpf.require_bits(0, CLONE_THREAD, errno.EPERM))
    # Its arguments lie in memory, where a filter cannot look; the C library falls back on `clone`.
    calls.rule("clone3", bpf.refuse(errno.ENOSYS))
    calls.rule("openat2", bpf.refuse(errno.ENOSYS))
    calls.rule("open", bpf.refuse_bits(1, WRITING_FLAGS, errno.EACCES))
    calls.rule("openat", bpf.refuse_bits(2, WRITING_FLAGS, errno.EACCES))
    # The C library's `abort` sends its own process a signal.
    calls.rule("kill", bpf.allow_values(0, [own]))
    calls.rule("tgkill", bpf.allow_values(0, [own]))
    for call in ("prlimit64", "sched_setaffinity"):
        calls.rule(call, bpf.allow_values(0, [0, own]))
    calls.rule("ioctl", bpf.refuse_values(1, [TIOCSTI, TIOCLINUX]))
    return calls.assembled()


def without_network(name: str) -> Program:
    """Return the filter of a process that opens no connection but to programs of this machine.

    Sockets of the family AF_UNIX stay: CUDA's driver talks to its services by them.
    """
    calls = _Calls(name)
    calls.rule("socket", bpf.allow_values(0, [AF_UNIX]))
    calls.rule("socketpair", bpf.allow_values(0, [AF_UNIX]))
    # Through another process, or past the filter, there would be connections all the same.
    reaching = ("ptrace", "process_vm_writev", "pidfd_getfd")
    doors = ("io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "setns")
    for call in (*reaching, *doors):
        calls.rule(call, bpf.refuse(errno.EPERM))
    return calls.assembled(last_known=HIGHEST)


class _Calls:
    """The rules for one architecture; calls that it does not have are left out."""

    def __init__(self, name: str) -> None:
        self._machine = name
        self._rules: list[tuple[int, Program]] = []

    def refuse(self, numbers: syscalls.Numbers, code: int) -> None:
        for name in numbers:
            self.rule(name, bpf.refuse(code))

    def rule(self, name: str, program: Program) -> None:
        number = ALL[name][MACHINES.index(self._machine)]
        if number is not None:
            self._rules.append((number, program))

    def assembled(self, last_known: int = LAST_KNOWN) -> Program:
        return bpf.assemble(self._machine, self._rules, last_known)


ALL = {name: pair for group in syscalls.GROUPS for name, pair in group.items()}


def install(program: Program, *, quick: bool = False) -> None:
    """Put a filter on every thread of this process, for good.

    quick: without what kernels before 5.16 add against speculation, which slows computing down; for
    a process that runs no program of strangers.

    Raises OSError.
    """
    forbid_new_privileges()
    content = b"".join(step.packed() for step in program)
    told = _Filter(len(program), content)
    number = _SECCOMP[machine()]
    flags = _FILTER_FLAG_TSYNC | (_FILTER_FLAG_SPEC_ALLOW if quick else 0)
    refused = syscall(number, _SET_MODE_FILTER, flags, ctypes.byref(told))
    if refused:
        raise OSError(f"thread {refused} has filters of its own")


def forbid_new_privileges() -> None:
    """Have programs that are run as another user run as this one. Raises OSError."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
