"""Engines of a pool in simulated time: a sentence takes so long, and nobody waits for it."""

from __future__ import annotations

import asyncio
import dataclasses
import selectors
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from bot.clip_need import ClipNeed
from bot.condition import Condition
from bot.errors import EngineDeadError
from bot.pool.member import Member
from bot.pool.pool import EnginePool
from bot.speech.engine_worker import EngineNotLoadedError
from bot.speech.load_progress import OnProgress
from bot.speech.types import (
    EngineInfo,
    Speech,
    SynthesisRequest,
    SynthesisResult,
    VoiceReference,
)
from bot.text.engine_reads import WORDS
from bot.workers import WorkerDiedError

T = TypeVar("T")

PAUSE_SECONDS = 2.0
"""Before a member that could not be loaded is tried again."""

INFO = EngineInfo("piper", "simulated", "cuda:0", clones=False, reason="", load_seconds=0.0)


class JumpingSelector(selectors.DefaultSelector):
    """Passes the time that it should wait at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "everybody waits, and nothing will happen"
        self.now += max(0.0, timeout)
        return super().select(0)


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock goes to the next timer whenever there is nothing to do."""

    def __init__(self) -> None:
        self._jumping = JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def simulate(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run `work` in simulated time."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(work())


class SimulatedMember:
    """An engine that takes `seconds` for a sentence in each of its slots, `load` for loading.

    preparing: seconds for a voice that it has not prepared since it was loaded.
    A text that begins with "poison" takes it down after half of a sentence's time.
    told: what was asked of it, in order. broken: why it cannot be loaded.
    lost: texts that it had when it was lost.
    """

    analysis: Any = None
    workers = devices = ()
    kind, reads, clip_need = "piper", WORDS, ClipNeed()
    company_slows = False
    computes = ""

    def __init__(
        self,
        name: str,
        *,
        slots: int = 1,
        seconds: float = 1.0,
        load: float = 5.0,
        model: str = "",
        preparing: float = 0.0,
    ) -> None:
        self.name, self.slots = name, slots
        self.on_slots: Callable[[], None] | None = None
        self.info: EngineInfo | None = None
        self.ready = False
        self.told: list[str] = []
        self.spoken: list[str] = []
        self.lost: list[str] = []
        self.broken = ""
        self._seconds, self._load, self._preparing = seconds, load, preparing
        self._voices: set[str] = set()
        self._model = model or INFO.model
        self._places = asyncio.Semaphore(slots)
        self._lost = asyncio.Event()
        self._loading = asyncio.Lock()
        self._again: asyncio.Task[None] | None = None

    @property
    def most_takes(self) -> int:
        return self.slots

    @property
    def withdraws(self) -> bool:
        return self.slots > 1

    def condition(self) -> Condition:
        if self.ready:
            return Condition("ok")
        return Condition("failing", self.broken) if self.broken else Condition("starting")

    def settle(self, model: EngineInfo) -> None:
        self.told.append(f"settle {model.model}")
        self._model = model.model

    async def start(self, on_progress: OnProgress | None = None) -> EngineInfo:
        async with self._loading:
            if not self.ready:
                self.told.append(f"load at {asyncio.get_running_loop().time():g}")
                await asyncio.sleep(self._load)
                if self.broken:
                    raise EngineDeadError(self.broken, "It is out of order.")
                self.info = dataclasses.replace(
                    INFO,
                    model=self._model,
                    device=self.name,
                    slots=self.slots,
                    computes=self.computes,
                )
                self._voices.clear()
                self._lost, self.ready = asyncio.Event(), True
                if self.on_slots is not None:
                    self.on_slots()
        assert self.info is not None
        return self.info

    async def ensure_loaded(self) -> None:
        await self.start()

    def load_again(self) -> None:
        self.told.append("load again")
        self._load_in_background()

    def lose(self) -> None:
        """Let its process die; it is loaded again."""
        self.ready = False
        self._lost.set()
        self._load_in_background()

    def _load_in_background(self) -> None:
        if self._again is None or self._again.done():
            self._again = asyncio.create_task(self._keep_loading())

    async def _keep_loading(self) -> None:
        while not self.ready:
            try:
                await self.start()
            except EngineDeadError:
                await asyncio.sleep(PAUSE_SECONDS)

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        return await self.try_once(batch)

    async def try_once(
        self, batch: Sequence[SynthesisRequest], *, alone: bool = False
    ) -> list[SynthesisResult]:
        if not self.ready:
            raise EngineNotLoadedError("It is not loaded.")
        (request,) = batch
        self.told.append(f"{request.text}{' alone' if alone else ''}")
        speaking = asyncio.create_task(self._speak(request))
        lost = asyncio.create_task(self._lost.wait())
        try:
            await asyncio.wait({speaking, lost}, return_when=asyncio.FIRST_COMPLETED)
            if not speaking.done():
                self.lost.append(request.text)
                raise WorkerDiedError("It was lost.")
        except asyncio.CancelledError:
            self.told.append(f"cancelled {request.text}")
            raise
        finally:
            speaking.cancel()
            lost.cancel()
        packets = (self.name.encode(), request.text.encode())
        return [Speech(packets, 1.0, timings=speaking.result())]

    async def _speak(self, request: SynthesisRequest) -> dict[str, float]:
        """Return what took how long."""
        text, voice, timings = request.text, request.voice.clip_sha256, {}
        async with self._places:
            if self._preparing and voice not in self._voices:
                timings["conditionals"] = self._preparing
                await asyncio.sleep(self._preparing)
                self._voices.add(voice)
            if text.startswith("poison"):
                await asyncio.sleep(self._seconds / 2)
                self.lose()
                await asyncio.sleep(self._seconds)
            await asyncio.sleep(self._seconds)
            self.spoken.append(text)
        return timings

    async def forget(self, clip_sha256: str) -> None:
        await asyncio.sleep(self._seconds)
        self.told.append(f"forgot {clip_sha256}")

    async def watermark(self, samples: Any, rate: int) -> float | None:
        return None

    async def close(self) -> None:
        self.told.append("closed")
        self.ready = False
        self._lost.set()
        if self._again is not None:
            self._again.cancel()


def request(text: str, voice: str = "") -> SynthesisRequest:
    return SynthesisRequest(text, VoiceReference(Path("unused"), voice))


def pool_of(
    members: Sequence[Member], *, settled: bool = True, together: bool = True
) -> EnginePool:
    clock = asyncio.get_running_loop().time
    return EnginePool(members, settled=settled, together=together, clock=clock)


def members(count: int, *, slots: int = 1, seconds: float = 1.0) -> list[SimulatedMember]:
    return [
        SimulatedMember(f"cuda:{number}", slots=slots, seconds=seconds) for number in range(count)
    ]


async def loaded(given: Sequence[SimulatedMember]) -> EnginePool:
    """Return a pool all of whose engines are there."""
    pool = pool_of(given)
    await pool.start()
    while not all(member.ready for member in given):
        await asyncio.sleep(1)
    for member in given:
        member.told.clear()
    return pool


def said(result: SynthesisResult) -> tuple[str, str]:
    """Return which engine made it, and of which text."""
    assert isinstance(result, Speech)
    engine, text = result.packets
    return engine.decode(), text.decode()
