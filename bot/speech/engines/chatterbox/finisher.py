"""A thread for what is done to samples after S3Gen: judging, watermark, mastering, Opus."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

MOST_WAITING = 4
"""Sentences that may wait; who brings another one waits then."""


class Finisher:
    """Does one thing after another in a thread of its own; at most `MOST_WAITING` wait."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "finisher")
        self._room = threading.Semaphore(MOST_WAITING + 1)

    def submit(self, finish: Callable[[], T]) -> Future[T]:
        """Take on work, as soon as there is room for it."""
        self._room.acquire()
        done = self._thread.submit(finish)
        done.add_done_callback(lambda _: self._room.release())
        return done

    def close(self) -> None:
        """Forget what waits, and end the thread when it has done what it does."""
        self._thread.shutdown(wait=True, cancel_futures=True)


def ended(result: T) -> Future[T]:
    """Return what is done already."""
    done: Future[T] = Future()
    done.set_result(result)
    return done
