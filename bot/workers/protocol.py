"""What the parent and a child say to each other: pickled messages, each after its length.

The parent sends an `Assignment` once, then a `Call` at a time. The child answers with `Ready` once
and, for each call, with `Began` and then `Returned` or `Raised`. A `Beat` comes at any time, and
`Unfit` before a child ends itself.
"""

from __future__ import annotations

import asyncio
import pickle
import socket
import struct
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.confinement import Confinement, Wall
from bot.workers.limits import WorkerLimits

MOST_BYTES = 1 << 30
"""Of a message; more is none, but what something else wrote to the socket."""

_LENGTH = struct.Struct(">Q")


class GarbageError(Exception):
    """What came is no message."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a child is for.

    environment: secrets that it needs. confinement: the walls that it builds around itself before
    its first call; None for none.
    """

    limits: WorkerLimits
    on_start: Callable[[], None] | None
    environment: Mapping[str, str]
    confinement: Confinement | None = None


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
    """Return a message as it travels. Raises what `pickle` raises for what cannot travel."""
    content = pickle.dumps(message)
    return _LENGTH.pack(len(content)) + content


def encode_outcome(outcome: Returned | Raised) -> bytes:
    """Return the outcome of a call as it travels; if it cannot travel, an error that says so."""
    try:
        frame = encode(outcome)
        if isinstance(outcome, Raised):  # errors with arguments of their own often cannot be made
            decode(frame[_LENGTH.size :])
    except Exception as error:
        what = outcome.error if isinstance(outcome, Raised) else outcome.value
        text = f"{type(what).__name__} cannot be passed to another process ({error!r})"
        if isinstance(outcome, Raised):
            text += f": {''.join(traceback.format_exception(outcome.error))}"
        return encode(Raised(TypeError(text)))
    return frame


def decode(content: bytes) -> Any:
    """Return the message. Raises whatever unpickling its parts raises."""
    return pickle.loads(content)  # noqa: S301 - between two processes of this program


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """Return the next message's bytes.

    Raises IncompleteReadError or OSError at the end, `GarbageError` for what cannot be one.
    """
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    if length > MOST_BYTES:
        raise GarbageError
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
