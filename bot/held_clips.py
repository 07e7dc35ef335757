"""Clips that do not lie on this machine are fetched before a worker reads them."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from bot.errors import EngineError
from bot.speech.engine import Engine
from bot.speech.refusals import DATA_AWAY, RecordingGoneError
from bot.speech.types import SynthesisRequest, SynthesisResult
from storage.clip_files import ClipFiles, clip_name
from storage.errors import StorageError

log = structlog.get_logger(__name__)


class HeldClips:
    """Hands an engine sentences whose clips are there, and keeps them there meanwhile."""

    def __init__(self, engine: Engine, clips: ClipFiles) -> None:
        self._engine, self._clips = engine, clips

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Do as `Engine.synthesize`; an error stands in for a sentence whose clip is not to be had.

        A clip that another machine deleted meanwhile raises no other than one deleted here.
        """
        if self._engine.kind == "piper":  # which reads none
            return await self._engine.synthesize(batch)
        faults: list[EngineError | None] = []
        held: list[str] = []
        try:
            for request in batch:  # one by one: what was held is let go, also after a cancellation
                faults.append(await self._hold(request, held))  # noqa: PERF401
            ready = [r for r, fault in zip(batch, faults, strict=True) if fault is None]
            made = iter(await self._engine.synthesize(ready) if ready else [])
            return [next(made) if fault is None else fault for fault in faults]
        finally:
            for name in held:
                self._clips.let_go(name)

    async def _hold(self, request: SynthesisRequest, held: list[str]) -> EngineError | None:
        name = clip_name(request.voice.clip_sha256)
        if request.voice.clip_path != self._clips.local(name):
            return None  # a recording that is not stored, such as one that is heard before Save
        try:
            await self._clips.hold(name)
            held.append(name)
        except FileNotFoundError:
            return RecordingGoneError()
        except OSError as error:
            log.warning("a recording cannot be fetched", stage="engine", reason=error.strerror)
            return EngineError(DATA_AWAY)
        return None


async def forget_clip(engine: Engine, clips: ClipFiles, sha256: str) -> None:
    """Have nothing left on this machine of what was prepared or fetched of a clip.

    Raises BusyError as `Engine.forget` does; StorageError.
    """
    await engine.forget(sha256)
    try:
        await clips.forget(clip_name(sha256))
    except OSError as error:
        raise StorageError(
            f"A recording that was fetched cannot be removed ({error.strerror}); it goes when the "
            "bot ends."
        ) from error
