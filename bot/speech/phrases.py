"""Phrases that are said again and again, kept as Opus packets."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, replace
from pathlib import Path

from bot.speech.types import Speech, SynthesisRequest, SynthesisResult

MOST_CHARACTERS = 80
MOST_SECONDS = 8.0
"""What is longer is hardly said twice."""

MOST_SEEN = 4096
"""Phrases that were made once: a phrase is kept when it is made again."""

MEGABYTE = 1024 * 1024

_Key = tuple[Hashable, SynthesisRequest]


@dataclass(slots=True)
class PhraseStats:
    """Counters since the start. hits: sentences that needed no engine. misses: that might have."""

    hits: int = 0
    misses: int = 0


class PhraseCache:
    """Speech of short texts, the least recently used goes first.

    Two requests are equal where text, language, settings, delivery, the recording's hash and the
    engine are. Whoever asks sees to it that a phrase may sound the same each time. Speech that the
    engine has doubts about is not kept. Bounded by the bytes that the packets take in memory.
    """

    def __init__(
        self, max_bytes: int = 32 * MEGABYTE, engine: Callable[[], Hashable | None] = lambda: ""
    ) -> None:
        """engine: what tells how it sounds, such as its model; None where that is not known."""
        self.stats = PhraseStats()
        self._max_bytes, self._engine = max_bytes, engine
        self._kept: OrderedDict[_Key, Speech] = OrderedDict()
        self._seen: OrderedDict[int, None] = OrderedDict()  # hashes: nobody's words are kept here
        self._bytes = 0
        self._forgotten = 0  # how often something was

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def bytes(self) -> int:
        """Memory that the packets take."""
        return self._bytes

    @property
    def useful(self) -> bool:
        """Whether anything can be found."""
        return bool(self._kept)

    def peek(self, request: SynthesisRequest) -> Speech | None:
        """Return what is kept, without counting it as used."""
        key = self._key(request)
        return self._kept.get(key) if key is not None else None

    async def spoken(
        self, request: SynthesisRequest, make: Callable[[], Awaitable[SynthesisResult]]
    ) -> SynthesisResult:
        """Return what is kept, or else what `make` makes, which may be kept. Raises as that."""
        key = self._key(request)
        if key is None:
            return await make()
        if key in self._kept:
            self.stats.hits += 1
            self._kept.move_to_end(key)
            return self._kept[key]
        self.stats.misses += 1
        forgotten = self._forgotten
        result = await make()
        # Not what was made with a recording that is gone, or by an engine that was lost meanwhile.
        if forgotten == self._forgotten and key == self._key(request):
            self._offer(key, result)
        return result

    def forget(self, clip_sha256: str) -> None:
        """Drop what was made with a recording, and what is being made."""
        self._forgotten += 1
        for key in [key for key in self._kept if key[1].voice.clip_sha256 == clip_sha256]:
            self._drop(key)

    def _key(self, request: SynthesisRequest) -> _Key | None:
        engine = self._engine()
        if engine is None or len(request.text) > MOST_CHARACTERS:
            return None
        # One recording may lie in several places, and a place in the queue is not heard.
        voice = replace(request.voice, clip_path=Path())
        return engine, replace(request, voice=voice, rank=0)

    def _offer(self, key: _Key, result: SynthesisResult) -> None:
        if not isinstance(result, Speech) or result.doubtful or result.seconds > MOST_SECONDS:
            return
        if hash(key) not in self._seen:
            self._seen[hash(key)] = None
            if len(self._seen) > MOST_SEEN:
                self._seen.popitem(last=False)
            return
        del self._seen[hash(key)]
        self._drop(key)
        self._kept[key] = replace(result, timings={}, retries=0, cached=True)
        self._bytes += _size(result)
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: _Key) -> None:
        speech = self._kept.pop(key, None)
        if speech is not None:
            self._bytes -= _size(speech)


def _size(speech: Speech) -> int:
    return sum(map(sys.getsizeof, speech.packets)) + sys.getsizeof(speech.packets)
