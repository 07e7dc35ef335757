"""Filters of system calls, assembled: classic BPF over `struct seccomp_data`.

Sources: linux/filter.h, linux/seccomp.h; Documentation/userspace-api/seccomp_filter.rst.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Sequence
from dataclasses import dataclass

# struct seccomp_data: int nr; __u32 arch; __u64 instruction_pointer; __u64 args[6];
NUMBER_AT, ARCHITECTURE_AT, ARGUMENTS_AT = 0, 4, 16

LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
EQUAL, GREATER, ANY_BIT = 0x15, 0x25, 0x45  # BPF_JMP | BPF_JEQ, BPF_JGT, BPF_JSET, each with BPF_K
RETURN = 0x06  # BPF_RET | BPF_K

ALLOW = 0x7FFF0000
KILL = 0x80000000  # SECCOMP_RET_KILL_PROCESS
ERROR = 0x00050000

AUDIT_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_INSTRUCTION = struct.Struct("=HBBI")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One step. on_true, on_false: how many steps to leap over after a comparison."""

    code: int
    operand: int
    on_true: int = 0
    on_false: int = 0

    def packed(self) -> bytes:
        """Return it as `struct sock_filter`."""
        return _INSTRUCTION.pack(self.code, self.on_true, self.on_false, self.operand)


Program = tuple[Instruction, ...]


def refuse(code: int) -> Program:
    """Return what has a call fail with an error number."""
    return (Instruction(RETURN, ERROR | code),)


def allow() -> Program:
    """Return what lets a call through."""
    return (Instruction(RETURN, ALLOW),)


def argument(index: int) -> Instruction:
    """Return what loads the low half of an argument: both architectures are little-endian."""
    return Instruction(LOAD, ARGUMENTS_AT + 8 * index)


def allow_values(index: int, values: Sequence[int], code: int = errno.EPERM) -> Program:
    """Return what lets a call through if an argument is one of `values`; 32 bits of it count."""
    tests = [
        Instruction(EQUAL, value & 0xFFFFFFFF, on_true=len(values) - place)
        for place, value in enumerate(values)
    ]
    return (argument(index), *tests, *refuse(code), *allow())


def refuse_values(index: int, values: Sequence[int], code: int = errno.EPERM) -> Program:
    """Return what has a call fail if an argument is one of `values`."""
    tests = [
        Instruction(EQUAL, value, on_true=len(values) - place) for place, value in enumerate(values)
    ]
    return (argument(index), *tests, *allow(), *refuse(code))


def refuse_bits(index: int, bits: int, code: int) -> Program:
    """Return what has a call fail if an argument has any of the bits."""
    return (argument(index), Instruction(ANY_BIT, bits, on_false=1), *refuse(code), *allow())


def require_bits(index: int, bits: int, code: int) -> Program:
    """Return what has a call fail unless an argument has any of the bits."""
    return (argument(index), Instruction(ANY_BIT, bits, on_true=1), *refuse(code), *allow())


def assemble(machine: str, rules: Sequence[tuple[int, Program]], last_known: int) -> Program:
    """Return a filter. rules: number of a call and what is done with it; all else is let through.

    A call of another architecture ends the process, because its numbers mean other calls. Numbers
    above `last_known` do not exist as far as the caller can tell; so do x86_64's of x32, which are
    higher still.
    """
    body = [
        step
        for number, program in rules
        for step in (Instruction(EQUAL, number, on_false=len(program)), *program)
    ]
    return (
        Instruction(LOAD, ARCHITECTURE_AT),
        Instruction(EQUAL, AUDIT_ARCHITECTURES[machine], on_true=1),
        Instruction(RETURN, KILL),
        Instruction(LOAD, NUMBER_AT),
        Instruction(GREATER, last_known, on_false=1),
        *refuse(errno.ENOSYS),
        *body,
        *allow(),
    )
