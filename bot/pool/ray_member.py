"""One actor, as the engine worker sees it: asked over Ray, on one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot import __version__
from bot.errors import EngineError, MynahError
from bot.i18n import Translatable
from bot.pool.ray_actor import Hello
from bot.pool.ray_cluster import import_ray
from bot.pool.remote_speaker import MemberLostError
from bot.pool.speech_stream import UNKNOWN_CLIP, assemble
from bot.speech.clip_reading import reading_clip
from bot.speech.engines.base import Samples
from bot.speech.types import EngineInfo, SynthesisRequest, SynthesisResult
from bot.workers.protocol import GarbageError
from storage.clips import encode_clip, read_content
from storage.sealing import KeyRing
from storage.types import ReferenceClip

log = logging.getLogger(__name__)

HELLO_SECONDS = 4.0
"""An actor that does not answer for so long is not given anything."""

PIECE_BYTES = 64 << 10
"""Of a clip in an argument. Ray puts an argument of 100 KB or more into its object store, where it
would outlive a deletion, and could be written to a disk."""

_MOST_KNOWN = 4096


class RayMember:
    """An actor. What it was sent is noted, so that a clip travels with the first sentence only.

    settings: what of [engine] this bot is configured with; an actor of others is not asked.
    keys: open the clips.
    """

    def __init__(self, name: str, handle: Any, settings: dict[str, str], keys: KeyRing) -> None:
        self.name, self._handle = name, handle
        self._settings, self._keys = settings, keys
        self._ray = import_ray()
        self._hello: Hello | None = None
        self._known: OrderedDict[str, None] = OrderedDict()
        self._owed: set[str] = set()  # clips that it was told to forget, and may have
        self.answers = False
        self._emptying: Any = None  # the call that has it forget what it had before
        self._fault = self._refusal = ""

    @property
    def info(self) -> EngineInfo | None:
        """What it has loaded; None before, and while it does not answer."""
        return self._hello.info if self._hello is not None and self.answers else None

    @property
    def ready(self) -> bool:
        """Whether it can be asked for sentences."""
        return self.info is not None and not self.fault

    @property
    def fault(self) -> str:
        """Why it is not asked although it answers; "" where it may be."""
        return self._fault or self._refusal

    def is_at(self, handle: Any) -> bool:
        """Whether a handle is that of this actor, and not of a later one of its name."""
        same: bool = self._handle._actor_id == handle._actor_id
        return same

    def refuse(self, reason: str) -> None:
        """Do not ask this process of it any more."""
        self._refusal = reason

    @property
    def instance(self) -> str:
        """Names its process; "" before it answered."""
        return self._hello.instance if self._hello is not None else ""

    @property
    def broken(self) -> bool:
        """Whether its engine could not be loaded, which another process may do better."""
        return self.answers and self._hello is not None and bool(self._hello.fault)

    @property
    def node(self) -> str:
        """The machine that it is on, or was on last."""
        return self._hello.node if self._hello is not None else ""

    @property
    def sentences(self) -> int:
        """How many sentences it had of all bots when it said last how it is."""
        return self._hello.sentences if self._hello is not None else 0

    @property
    def idle_seconds(self) -> float:
        """Since its thread came round last although there is something to do."""
        return self._hello.idle_seconds if self._hello is not None and self.answers else 0.0

    async def look(self) -> None:
        """Ask how it is. Afterwards `answers`, `fault` and `info` say so.

        A process that is met for the first time forgets the recordings that nobody uses just now:
        it may have them of a bot, or a worker, that is gone, and that nobody told of a deletion.
        """
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                hello = Hello.unpacked(await self._call("hello"))
                if hello.instance != self.instance:
                    await self._emptied()
                    self._refusal = ""
                    self._known.clear()
                    self._owed.clear()
                for sha256 in list(self._owed):
                    await self.forget(sha256)
        except (MemberLostError, TimeoutError):
            self.answers = False
            return
        self._hello, self.answers = hello, True
        self._fault = hello.fault or _difference(self.name, hello, self._settings)

    async def speak(self, request: SynthesisRequest) -> SynthesisResult:
        """Return the sentence. One that is cancelled is cancelled in the actor.

        Raises `MemberLostError` when the actor was lost meanwhile.
        """
        sha256 = request.voice.clip_sha256
        wanted = self.info is not None and self.info.clones
        send = wanted and sha256 not in self._known
        while True:
            try:
                clip = await self._clip(request) if send else ()
            except MynahError as error:
                return error
            pieces = await self._heard(request, clip)
            if pieces == [UNKNOWN_CLIP] and not send:
                send = True  # its cache had no room, or it is a new process
                continue
            self._note(sha256)
            try:
                return assemble(pieces)
            except GarbageError as error:
                raise MemberLostError(f"{self.name} answered nonsense: {error}") from None

    async def _heard(self, request: SynthesisRequest, clip: tuple[bytes, ...]) -> list[bytes]:
        """Return a sentence's pieces. An actor that was lost is ready when it answers again."""
        try:
            return await self._stream(_without_place(request), clip)
        except MemberLostError:
            self.answers = False
            raise

    async def forget(self, clip_sha256: str) -> None:
        """Return when the actor has nothing left of a clip.

        Raises `MemberLostError` where that is not known; then it is asked once more before it is
        given anything.
        """
        self._known.pop(clip_sha256, None)
        self._owed.add(clip_sha256)
        await self._call("forget", clip_sha256)
        self._owed.discard(clip_sha256)

    async def embedding(self, clip: ReferenceClip) -> Samples | None:
        """Return how its speaker sounds; see `ComparingEngine`. Raises `MemberLostError`."""
        content = await asyncio.to_thread(encode_clip, clip)
        heard: Samples | None = await self._call("embedding", clip.sha256, *_cut(content))
        return heard

    async def restart(self) -> None:
        """End its process; Ray begins it anew, and empty."""
        self.answers = False
        await asyncio.to_thread(self._ray.kill, self._handle, no_restart=False)

    async def _emptied(self) -> None:
        """Return when it forgot what it had before; asked once, however often that is awaited."""
        if self._emptying is None:
            call = self._handle.forget_others.options(concurrency_group="health")
            self._emptying = call.remote()
        try:
            with _lost(self._ray, self.name):
                await self._emptying
        except MynahError:
            self._emptying = None
            raise
        self._emptying = None

    async def _call(self, method: str, *args: Any) -> Any:
        call = getattr(self._handle, method).options(concurrency_group="health")
        with _lost(self._ray, self.name):
            return await call.remote(*args)

    async def _stream(self, request: SynthesisRequest, clip: tuple[bytes, ...]) -> list[bytes]:
        call = self._handle.speak.options(num_returns="streaming", concurrency_group="speech")
        with _lost(self._ray, self.name):
            stream = call.remote(request, *clip)
            try:
                return [await piece async for piece in stream]
            except asyncio.CancelledError:
                self._ray.cancel(stream)
                raise

    async def _clip(self, request: SynthesisRequest) -> tuple[bytes, ...]:
        voice = request.voice

        def read() -> bytes:
            with reading_clip():
                return read_content(voice.clip_path, voice.clip_sha256, self._keys)

        return _cut(await asyncio.to_thread(read))

    def _note(self, sha256: str) -> None:
        self._known[sha256] = None
        self._known.move_to_end(sha256)
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)


@contextlib.contextmanager
def _lost(ray: Any, name: str) -> Iterator[None]:
    try:
        yield
    except ray.exceptions.RayTaskError as error:
        log.error("an actor failed: %s", error)
        raise EngineError(
            Translatable(
                "The voice engine failed on this text ({error}).", error=type(error.cause).__name__
            )
        ) from None
    except ray.exceptions.RayError as error:
        raise MemberLostError(f"The engine {name} was lost ({type(error).__name__}).") from None


def _without_place(request: SynthesisRequest) -> SynthesisRequest:
    """Leave out where the clip lies on this machine: it says nothing on another."""
    return dataclasses.replace(request, voice=dataclasses.replace(request.voice, clip_path=Path()))


def _cut(content: bytes) -> tuple[bytes, ...]:
    return tuple(
        content[start : start + PIECE_BYTES] for start in range(0, len(content), PIECE_BYTES)
    )


def _difference(name: str, hello: Hello, settings: dict[str, str]) -> str:
    """Return why an actor cannot be asked by this bot, in one line; "" if it can."""
    if hello.mynah != __version__:
        return (
            f"The engine {name} runs Mynah {hello.mynah}, this is {__version__}. Install the same "
            "version on all machines, then end the old engines: mynah engine stop"
        )
    keys = sorted(key for key in settings if settings[key] != hello.settings.get(key))
    if not keys:
        return ""
    return (
        f"The engine {name} was begun with other settings of [engine] ({', '.join(keys)}). Make "
        "them the same for all bots, then end the old engines: mynah engine stop"
    )
