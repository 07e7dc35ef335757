"""What the parent and a child say to each other: messages, each after its length.

The parent sends an `Assignment` once, then a `Call` at a time. The child answers with `Ready` once
and, for each call, with `Began` and then `Returned` or `Raised`. A `Beat` comes at any time, and
`Unfit` before a child ends itself. What the parent sends is pickled; what a child answers is not,
see `bot.workers.answers`.
"""

from __future__ import annotations

import asyncio
import pickle
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.confinement import Confinement, Wall
from bot.workers.limits import WorkerLimits

_LENGTH = struct.Struct(">Q")


class GarbageError(Exception):
    """What came is no message."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a child is for.

    environment: secrets that it needs. confinement: the walls that it builds around itself before
    its first call; None for none. answers: classes that its answers may hold.
    """

    limits: WorkerLimits
    on_start: Callable[[], None] | None
    environment: Mapping[str, str]
    confinement: Confinement | None = None
    answers: tuple[type, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A module-level function and what to call it with."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ready:
    """The child can take calls. walls: which stand around it, and which do not."""

    walls: tuple[Wall, ...] = ()


@dataclass(frozen=True, slots=True)
class Began:
    """The call is being run: if the child dies from here on, the call may be why."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The call is done."""

    value: Any


@dataclass(frozen=True, slots=True)
class Raised:
    """The call is done, too."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Beat:
    """Python runs in the child. helpers: ids of its threads that only talk to the parent."""

    helpers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Unfit:
    """The child ends itself, because it can do its work no more."""

    reason: str


Answer: TypeAlias = Beat | Ready | Began | Returned | Raised | Unfit


def encode(message: object) -> bytes:
    """Return a message of the parent as it travels. Raises what `pickle` raises for what cannot."""
    return framed(pickle.dumps(message))


def framed(content: bytes) -> bytes:
    """Return a message's bytes after their length."""
    return _LENGTH.pack(len(content)) + content


def decode(content: bytes) -> Any:
    """Return the parent's message, in a child. Raises whatever unpickling its parts raises."""
    return pickle.loads(content)  # noqa: S301 - of the process that started this one


async def read_frame(reader: asyncio.StreamReader, most_bytes: int) -> bytes:
    """Return the next message's bytes.

    Raises IncompleteReadError or OSError at the end, `GarbageError` for what cannot be one.
    """
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    if length > most_bytes:
        raise GarbageError(f"{length} bytes are too many")
    return await reader.readexactly(length)


def receive_frame(channel: socket.socket) -> bytes | None:
    """Wait for the next message's bytes; None at the end."""
    head = _receive(channel, _LENGTH.size)
    return _receive(channel, _LENGTH.unpack(head)[0]) if head is not None else None


def _receive(channel: socket.socket, size: int) -> bytes | None:
    content = bytearray(size)
    view = memoryview(content)
    while view:
        count = channel.recv_into(view)
        if count == 0:
            return None
        view = view[count:]
    return bytes(content)
