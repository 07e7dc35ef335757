"""Counting what is downloaded: the hub's library tells its bars, and these tell Mynah."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.speech.load_progress import LoadProgress, OnProgress


class Counter:
    """Adds up what the files' bars are told.

    sizes: bytes of each file. done: how many of them are there already.
    """

    def __init__(
        self, model: str, sizes: Mapping[str, int], done: Mapping[str, int], tell: OnProgress
    ) -> None:
        self._model, self._sizes, self._tell = model, dict(sizes), tell
        self._done = dict(done)
        self._finished = 0
        self._tell_state()

    def finish(self, name: str) -> None:
        """Count a file as there, whether it came from the hub or from the cache."""
        self._done[name] = self._sizes[name]
        self._finished += 1
        self._tell_state()

    def advance(self, name: str, size: int) -> None:
        """Count bytes of a file; fewer where a download begins again."""
        self.set(name, self._done.get(name, 0) + size)

    def set(self, name: str, size: int) -> None:
        """Count a file as there up to this size."""
        self._done[name] = max(0, min(size, self._sizes[name]))
        self._tell_state()

    def bar_class(self, name: str) -> Any:
        """Return what huggingface_hub takes for a tqdm class: it draws nothing and counts."""
        counter = self

        class Bar(_NoBar):
            def __init__(self, *_args: Any, initial: int = 0, **_kwargs: Any) -> None:
                counter.set(name, initial)

            def update(self, n: float | None = 1) -> None:
                counter.advance(name, int(n or 0))

        return Bar

    def _tell_state(self) -> None:
        self._tell(
            LoadProgress(
                self._model,
                sum(self._done.values()),
                sum(self._sizes.values()),
                self._finished,
                len(self._sizes),
            )
        )


class _NoBar:
    """As much of tqdm as huggingface_hub uses."""

    def __enter__(self) -> _NoBar:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def update_transfer(self, n: float | None = 1) -> None:
        """Ignore the bytes on the wire: `update` counts those on the disk."""

    def close(self) -> None:
        pass
