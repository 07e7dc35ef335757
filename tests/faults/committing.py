"""What goes wrong in a worker's child, done there and then."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

from bot.workers import child

DEVICE_ASSERT = (
    "CUDA error: device-side assert triggered\n"
    "CUDA kernel errors might be asynchronously reported at some other API call."
)
LOST_DEVICE = "CUDA error: unspecified launch failure"


class AcceleratorError(RuntimeError):
    """As torch's, which this process does not import."""


def armed(times_left: Path) -> bool:
    """Take one of the times that a fault is still to happen; one byte of the file is one."""
    left = times_left.read_bytes()
    times_left.write_bytes(left[1:])
    return bool(left)


def _hold_the_lock() -> None:
    ctypes.PyDLL(None).pause()


def _let_go_of_the_lock() -> None:
    ctypes.CDLL(None).pause()


def _close_the_socket() -> None:
    child._channels[0].shutdown(socket.SHUT_WR)
    time.sleep(60)


def _answer_garbage() -> None:
    child._channels[0].sendall(b"\xff" * 64)


def _use_up_the_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, resource.RLIM_INFINITY))
    bytearray(1 << 34)


def _fail() -> None:
    raise ZeroDivisionError("nobody foresaw this")


def _fail_an_assert() -> None:
    raise AcceleratorError(DEVICE_ASSERT)


def _lose_the_device() -> None:
    raise RuntimeError(LOST_DEVICE)


_WAYS: dict[str, Callable[[], object]] = {
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "stopped": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "hangs with Python's lock": _hold_the_lock,
    "hangs without Python's lock": _let_go_of_the_lock,
    "exits": lambda: os._exit(3),
    "segmentation fault": lambda: ctypes.string_at(0),
    "closes its socket": _close_the_socket,
    "answers garbage": _answer_garbage,
    "out of memory": _use_up_the_memory,
    "raises": _fail,
    "device-side assert": _fail_an_assert,
    "lost device": _lose_the_device,
}

FAULTS = tuple(_WAYS)
GPU_FAULTS = ("device-side assert", "lost device")
SLOW_FAULTS = ("stopped", "hangs with Python's lock", "hangs without Python's lock")
"""Those that the parent has to notice, within 10 s; the kernel tells of the others at once."""


def commit(fault: str) -> None:
    """Do it. Some end this process, some raise."""
    _WAYS[fault]()
