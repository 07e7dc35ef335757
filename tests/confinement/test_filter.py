"""The filters of system calls, run by an interpreter of their program, for both architectures."""

from __future__ import annotations

import errno
import os
import re
import struct
from pathlib import Path

import pytest

from bot.confinement import bpf, seccomp
from bot.confinement.bpf import Program
from bot.confinement.libc import MACHINES
from bot.confinement.seccomp import ALL, confined, without_network

OWN = 4321
AF_INET = 2


COMPARISONS = {
    bpf.EQUAL: int.__eq__,
    bpf.GREATER: int.__gt__,
    bpf.ANY_BIT: lambda value, bits: bool(value & bits),
}


def outcome(program: Program, architecture: int, number: int, *arguments: int) -> int:
    """What the kernel would do: BPF over `struct seccomp_data`."""
    data = struct.pack("=iIQ6Q", number, architecture, 0, *padded(arguments))
    at, value = 0, 0
    while (step := program[at]).code != bpf.RETURN:
        if step.code == bpf.LOAD:
            (value,) = struct.unpack_from("=I", data, step.operand)
        else:
            is_true = COMPARISONS[step.code](value, step.operand)
            at += step.on_true if is_true else step.on_false
        at += 1
    return step.operand


def padded(arguments: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(value % 2**64 for value in (*arguments, 0, 0, 0, 0, 0, 0)[:6])


def ask(program: Program, machine: str, call: str, *arguments: int) -> int | None:
    """The error number of a call; 0 if it is let through, None if it does not exist."""
    number = ALL[call][MACHINES.index(machine)]
    if number is None:
        return None
    verdict = outcome(program, bpf.AUDIT_ARCHITECTURES[machine], number, *arguments)
    return 0 if verdict == bpf.ALLOW else verdict - bpf.ERROR


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    "call",
    ["socket", "connect", "bind", "fork", "vfork", "execve", "execveat", "ptrace", "mount", "bpf"],
)
def test_a_confined_process_is_refused(machine: str, call: str) -> None:
    assert ask(confined(machine, OWN), machine, call) in (errno.EPERM, None)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("call", "arguments", "error"),
    [
        ("clone", (seccomp.CLONE_THREAD,), 0),
        ("clone", (17,), errno.EPERM),
        ("clone3", (), errno.ENOSYS),
        ("kill", (OWN,), 0),
        ("kill", (OWN + 1,), errno.EPERM),
        ("kill", (-1,), errno.EPERM),
        ("tgkill", (OWN,), 0),
        ("tgkill", (1,), errno.EPERM),
        ("prlimit64", (0,), 0),
        ("prlimit64", (1,), errno.EPERM),
        ("openat", (0, 0, os.O_RDONLY | os.O_CLOEXEC), 0),
        ("openat", (0, 0, os.O_WRONLY), errno.EACCES),
        ("openat", (0, 0, os.O_RDWR), errno.EACCES),
        ("openat", (0, 0, os.O_CREAT), errno.EACCES),
        ("openat", (0, 0, os.O_TMPFILE), errno.EACCES),
        ("openat2", (), errno.ENOSYS),
        ("ioctl", (2, seccomp.TIOCSTI), errno.EPERM),
        ("ioctl", (2, 0x5413), 0),
    ],
)
def test_arguments_decide(machine: str, call: str, arguments: tuple[int, ...], error: int) -> None:
    assert ask(confined(machine, OWN), machine, call, *arguments) == error


@pytest.mark.parametrize("machine", MACHINES)
def test_the_engine_reaches_programs_of_its_machine_alone(machine: str) -> None:
    program = without_network(machine)
    assert ask(program, machine, "socket", seccomp.AF_UNIX) == 0
    for family in (AF_INET, 10, 16, 17, 40):
        assert ask(program, machine, "socket", family) == errno.EPERM
    assert ask(program, machine, "io_uring_setup") == errno.EPERM
    for call in ("execve", "clone", "openat"):
        assert ask(program, machine, call) == 0


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_of_another_architecture_end_the_process(machine: str) -> None:
    for program in (confined(machine, OWN), without_network(machine)):
        for foreign in (0x40000003, 0xC00000F3):  # i386, RISC-V
            assert outcome(program, foreign, 0) == bpf.KILL


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_that_nobody_knew_of_do_not_exist(machine: str) -> None:
    architecture = bpf.AUDIT_ARCHITECTURES[machine]
    nothing = bpf.ERROR | errno.ENOSYS
    assert outcome(confined(machine, OWN), architecture, seccomp.LAST_KNOWN + 1) == nothing
    for program in (confined(machine, OWN), without_network(machine)):
        assert outcome(program, architecture, 0x40000000 + 41) == nothing  # x32's socket


@pytest.mark.parametrize("machine", MACHINES)
def test_a_filter_is_one_that_the_kernel_takes(machine: str) -> None:
    for program in (confined(machine, OWN), without_network(machine)):
        assert len(program) <= 4096
        for at, step in enumerate(program):
            assert at + 1 + max(step.on_true, step.on_false) < len(program) or not step.on_true
            assert len(step.packed()) == 8


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", 0),
        ("/usr/include/asm-generic/unistd.h", 1),
    ],
)
def test_numbers_are_the_kernels(header: str, column: int) -> None:
    if not Path(header).exists():
        pytest.skip("the kernel's headers are not installed")
    found = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", Path(header).read_text())
    numbers = {name: int(number) for name, number in found}
    for name, pair in ALL.items():
        assert numbers.get(name) == pair[column], name
