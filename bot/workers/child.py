"""What runs in a worker's process: calls, one after the other, until the parent is gone."""

from __future__ import annotations

import multiprocessing.spawn
import os
import queue
import select
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from bot.confinement import confine
from bot.workers.answers import AnswerCodec
from bot.workers.limits import WorkerLimits
from bot.workers.protocol import (
    Assignment,
    Beat,
    Began,
    Call,
    Raised,
    Ready,
    Returned,
    Unfit,
    decode,
    framed,
    receive_frame,
)
from bot.workers.vitals import BEAT_SECONDS

GROUP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""Ctrl-C and a service manager's SIGTERM reach the whole group, but the parent decides when the
call in flight may end."""

_sending = threading.Lock()
_channels: list[socket.socket] = []  # the one to the parent, in a child


def end_unfit(reason: str) -> NoReturn:
    """End this process, a child, and tell the parent why; the parent starts another."""
    for channel in _channels:
        _send(channel, framed(AnswerCodec().encode(Unfit(reason))))
    os._exit(1)


def program(name: str) -> list[str]:
    """Return the arguments after the interpreter's own that start a child; `name` is for `ps`."""
    path = [os.fspath(entry) for entry in sys.path]
    script = f"import sys; sys.path[:] = {path!r}; from {__name__} import main; main()"
    return ["-c", script, name]


def main() -> None:
    """Serve the parent, which is at the other end of standard input."""
    for number in GROUP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    channel = _take_channel()
    _channels.append(channel)
    with _ending_with_parent(channel):
        # Makes `__main__` of the parent known, for functions that are defined there.
        multiprocessing.spawn.prepare(decode(_receive(channel)))
        assignment: Assignment = decode(_receive(channel))
        os.environ.update(assignment.environment)
        if assignment.on_start is not None:
            assignment.on_start()
        assignment.limits.apply()
    # While there is one thread: others would stay outside of some walls.
    walls = confine(assignment.confinement) if assignment.confinement is not None else ()
    inbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    filling = threading.Thread(target=_fill, args=(channel, inbox), name="inbox", daemon=True)
    filling.start()
    beating = threading.Thread(target=_beat, args=(channel, filling), name="beat", daemon=True)
    beating.start()
    codec = AnswerCodec(assignment.answers)
    _send(channel, framed(codec.encode(Ready(walls))))
    while True:
        _serve(channel, codec, assignment.limits, inbox.get())


def _take_channel() -> socket.socket:
    """Take the connection from standard input, and keep the parent's output to the parent."""
    channel = socket.socket(fileno=os.dup(0))
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    try:
        os.dup2(2, 1)
    except OSError:  # the parent has no standard error
        os.dup2(nowhere, 1)
    os.close(nowhere)
    return channel


@contextmanager
def _ending_with_parent(channel: socket.socket) -> Iterator[None]:
    """End this process when the parent does, by a thread that is gone afterwards."""
    woken, waker = os.pipe()
    watcher = threading.Thread(target=_watch, args=(channel, woken), name="watch", daemon=True)
    watcher.start()
    yield
    os.close(waker)
    watcher.join()
    os.close(woken)


def _watch(channel: socket.socket, woken: int) -> None:
    poll = select.poll()
    poll.register(channel, 0)  # its end is told without being asked for
    poll.register(woken, 0)
    if any(handle == channel.fileno() for handle, _ in poll.poll()):
        os._exit(1)


def _receive(channel: socket.socket) -> bytes:
    frame = receive_frame(channel)
    if frame is None:
        os._exit(1)  # the parent is gone
    return frame


def _fill(channel: socket.socket, inbox: queue.SimpleQueue[bytes]) -> None:
    try:
        while (frame := receive_frame(channel)) is not None:
            inbox.put(frame)
    finally:
        os._exit(1)  # the parent is gone, also after SIGKILL: the kernel closes its end


def _beat(channel: socket.socket, filling: threading.Thread) -> None:
    beat = Beat((threading.get_native_id(), filling.native_id or 0))
    frame = framed(AnswerCodec().encode(beat))
    while True:
        # While an answer is being sent, that is the sign of life.
        if _sending.acquire(blocking=False):
            try:
                _write(channel, frame)
            finally:
                _sending.release()
        time.sleep(BEAT_SECONDS)


def _serve(channel: socket.socket, codec: AnswerCodec, limits: WorkerLimits, frame: bytes) -> None:
    try:
        call: Call = decode(frame)
        del frame  # an upload is large
        _send(channel, framed(codec.encode(Began())))
        limits.grant_cpu_time()
        outcome: Returned | Raised = Returned(call.function(*call.args, **call.kwargs))
    except Exception as error:
        error.add_note(f"In the worker:\n{''.join(traceback.format_exception(error))}")
        outcome = Raised(error)
    _send(channel, framed(codec.encode_outcome(outcome)))


def _send(channel: socket.socket, frame: bytes) -> None:
    with _sending:
        _write(channel, frame)


def _write(channel: socket.socket, frame: bytes) -> None:
    try:
        channel.sendall(frame)
    except OSError:
        os._exit(1)  # the parent is gone
