"""What a Ray actor is: an engine in a process of its own, for all bots of the cluster.

Ray starts the process and starts it again when it ends. Nothing here imports Ray: the class becomes
an actor's in `bot.pool.ray_cluster`, which also says which methods share a thread.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import platform
import resource
import uuid
from collections.abc import AsyncIterator
from typing import Any

import msgpack

from bot import __version__
from bot.errors import MynahError
from bot.pool.cores import take_all
from bot.pool.engine_host import CLIP_CACHE_BYTES, EngineHost, UnknownClipError
from bot.pool.speech_stream import UNKNOWN_CLIP, pieces
from bot.speech.engine_worker import EngineOpener
from bot.speech.types import EngineInfo, EngineSpec, SynthesisRequest
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers.answers import AnswerCodec
from bot.workers.environment import NO_TELEMETRY
from bot.workers.protocol import Returned
from storage.sealing import NO_KEYS


@dataclasses.dataclass(frozen=True, slots=True)
class Hello:
    """How an actor is.

    mynah: version; settings: what of [engine] it was begun with, by name; instance: differs after
    each restart; node: its machine; info: what is loaded, None before; fault: why nothing will be;
    sentences: that it has of all bots; idle_seconds: since its thread last came round; clips: that
    it holds.
    """

    mynah: str
    settings: dict[str, str]
    instance: str
    node: str
    info: EngineInfo | None = None
    fault: str = ""
    sentences: int = 0
    idle_seconds: float = 0.0
    clips: int = 0

    def packed(self) -> bytes:
        """Return it as it travels: readable by any version, what is loaded in an answer of its."""
        info = AnswerCodec(ENGINE_ANSWERS).encode(Returned(self.info))
        plain = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        packed: bytes = msgpack.packb(plain | {"info": info})
        return packed

    @classmethod
    def unpacked(cls, content: bytes) -> Hello:
        """Return what was packed. What another version packed tells its version alone."""
        told = msgpack.unpackb(content)
        if told["mynah"] != __version__:
            return cls(told["mynah"], {}, "", "")
        match AnswerCodec(ENGINE_ANSWERS).decode(told.pop("info")):
            case Returned(EngineInfo() as info):
                return cls(**told, info=info)
        return cls(**told)


def settings_of(spec: EngineSpec) -> dict[str, str]:
    """Return what decides about an engine, by name, to compare; the languages change by the day."""
    spec = for_actor(dataclasses.replace(spec, languages=()))
    return {field.name: repr(getattr(spec, field.name)) for field in dataclasses.fields(spec)}


def for_actor(spec: EngineSpec) -> EngineSpec:
    """Return what an actor is told: no key, and no file of this machine."""
    return dataclasses.replace(spec, keys=NO_KEYS, progress_file=None)


class SpeechActor:
    """The methods of an actor. All return at once or wait without holding a thread."""

    def __init__(
        self, open_engine: EngineOpener, spec: EngineSpec, clip_bytes: int = CLIP_CACHE_BYTES
    ) -> None:
        """Begin to load the engine, in a thread, so that questions are answered meanwhile.

        clip_bytes: of the recordings that are kept.
        """
        os.environ.update(NO_TELEMETRY)
        take_all()
        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))  # a dump would hold recordings
        self._settings, self._instance = settings_of(spec), uuid.uuid4().hex
        self._host = EngineHost(open_engine, spec, clip_bytes=clip_bytes)
        self._host.start()

    async def hello(self) -> bytes:
        """Return how it is, as a packed `Hello`."""
        host, info, fault = self._host, None, ""
        if host.loaded.done():
            error = host.loaded.exception()
            info, fault = (host.loaded.result(), "") if error is None else (None, str(error))
        return Hello(
            __version__,
            self._settings,
            self._instance,
            platform.node(),
            info,
            fault,
            host.sentences,
            host.idle_seconds,
            len(host.clips),
        ).packed()

    async def speak(self, request: SynthesisRequest, *clip: bytes) -> AsyncIterator[bytes]:
        """Yield a sentence as `bot.pool.speech_stream` has it, or that its clip is not here.

        clip: its content in parts, where it comes along. A task that is cancelled is given up.
        """
        try:
            spoken = self._host.speak(request, b"".join(clip) or None)
        except UnknownClipError:
            yield UNKNOWN_CLIP
            return
        except MynahError as error:
            for piece in pieces(error):
                yield piece
            return
        for piece in pieces(await asyncio.wrap_future(spoken)):
            yield piece

    async def forget(self, clip_sha256: str) -> None:
        """Return when nothing of a clip is left here."""
        await asyncio.wrap_future(self._host.forget(clip_sha256))

    async def forget_others(self) -> None:
        """Return when nothing is left here of clips but of those that are being spoken with."""
        await asyncio.wrap_future(self._host.forget_others())

    async def embedding(self, clip_sha256: str, *clip: bytes) -> Any:
        """Return how the speaker of a clip sounds, float32 or None; see `ComparingEngine`."""
        heard = self._host.embedding(b"".join(clip), clip_sha256)
        return await asyncio.wrap_future(heard)
