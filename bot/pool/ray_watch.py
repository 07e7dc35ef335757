"""Which actors a cluster has: begins those that are wanting, notices who came and who is lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.errors import EngineDeadError, EngineError
from bot.i18n import Translatable
from bot.pool.ray_actor import settings_of
from bot.pool.ray_cluster import RaySpec, actor_names, begin_actor, wanted_actors
from bot.pool.ray_member import RayMember
from bot.pool.remote_pool import RemotePool
from bot.pool.remote_speaker import MemberLostError
from bot.speech.engines.base import Samples
from bot.speech.remote_device import COMING
from bot.speech.types import EngineInfo, EngineSpec, SynthesisRequest, SynthesisResult
from bot.workers.backoff import Backoff
from storage.types import ReferenceClip

T = TypeVar("T")

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""Between two looks at the cluster."""

CLUSTER_SECONDS = 5.0
"""For an answer of the cluster's head."""

AWAY_SECONDS = 10.0
"""Without any engine that can speak, or will when it has loaded, after which the cluster counts as
away."""

FORGET_SECONDS = 10.0
"""For an engine to forget a clip; one that has not by then is begun anew, and empty."""

FORGET_ATTEMPTS = 3

COMING_SECONDS = 60.0
"""For the process of an engine that is begun to answer, or for one that is asked for by name."""


@dataclass(slots=True)
class _Failing:
    """An actor whose engine could not be loaded: when its process is begun anew."""

    backoff: Backoff
    not_before: float


class ClusterWatch:
    """Looks at the cluster once a second, and keeps the pool's members what they are.

    away: why nothing can be spoken any more by itself; "" while it can.
    """

    def __init__(self, ray: Any, ray_spec: RaySpec, spec: EngineSpec, pool: RemotePool) -> None:
        self._ray, self._ray_spec, self._spec, self._pool = ray, ray_spec, spec, pool
        self._settings = settings_of(spec)
        self._members: dict[str, RayMember] = {}
        self._failing: dict[str, _Failing] = {}
        self._told: dict[str, str] = {}  # the fault of each that the log was told
        self._sound: tuple[str, ...] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._trouble = ""
        # One thread: a head that does not answer keeps it, and no other.
        self._asking = ThreadPoolExecutor(1, "ray-cluster")
        self.away = ""

    @property
    def ready(self) -> list[RayMember]:
        """The engines that can be asked."""
        return [member for member in list(self._members.values()) if member.ready]

    async def first(self) -> EngineInfo:
        """Return what is loaded when the first engine is ready.

        Raises `EngineDeadError` where the cluster is away, or none of its engines can be loaded.
        """
        loop = asyncio.get_running_loop()
        answered = loop.time()
        while True:
            await self._look()
            for member in self.ready:
                if member.info is not None:
                    return member.info
            if any(member.answers for member in self._members.values()):
                answered = loop.time()  # one that loads may take long
            if self._members and all(member.fault for member in self._members.values()):
                raise EngineDeadError(" ".join(self._faults()))
            silent = loop.time() > answered + COMING_SECONDS
            if self._trouble or not self._members or silent:
                raise EngineDeadError(self._trouble or self._nobody())
            await asyncio.sleep(LOOK_SECONDS / 4)

    def begin(self) -> None:
        """Look from now on."""
        self._watching = asyncio.create_task(self._watch(), name="ray-watch")

    async def close(self) -> None:
        """Look no more."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        self._asking.shutdown(wait=False, cancel_futures=True)

    async def forget(self, clip_sha256: str) -> None:
        """Return when no engine that lives has anything of a clip.

        One that cannot be reached forgets it before it is asked for anything. Raises `EngineError`
        where one answers and does not forget, and cannot be ended.
        """
        with contextlib.suppress(Exception):  # away: the next look tells it
            self._keep(await self._ask(lambda: self._new(actor_names(self._ray))))
        members = list(self._members.values())
        told = await asyncio.gather(*(self._forget(member, clip_sha256) for member in members))
        silent = [member.name for member, done in zip(members, told, strict=True) if not done]
        if silent:
            raise EngineError(
                Translatable(
                    "A voice engine that may still hold the recording does not answer: {names}. "
                    "It is begun anew when it does.",
                    names=", ".join(silent),
                )
            )

    async def speak_at(
        self, name: str, request: SynthesisRequest
    ) -> tuple[EngineInfo, SynthesisResult]:
        """Have one engine speak; see `RemoteEngines`."""
        deadline = asyncio.get_running_loop().time() + COMING_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            member = self._members.get(name)
            if member is None:
                raise EngineDeadError(f"{name} left the cluster. Look at `ray status`.")
            if member.fault:
                raise EngineDeadError(member.fault)
            if member.ready and member.info is not None:
                return member.info, await member.speak(request)
            await asyncio.sleep(LOOK_SECONDS / 4)
        raise EngineDeadError(f"{name} {COMING}. Look at `ray status`, and at Ray's logs there.")

    async def embedding(self, clip: ReferenceClip) -> Samples | None:
        """Ask any engine; None where none can tell."""
        for member in self.ready:
            try:
                return await member.embedding(clip)
            except MemberLostError:
                continue
        return None

    async def _forget(self, member: RayMember, clip_sha256: str) -> bool:
        for _ in range(FORGET_ATTEMPTS):
            try:
                async with asyncio.timeout(FORGET_SECONDS):
                    await member.forget(clip_sha256)
                return True
            except MemberLostError:
                # Its process ended, or nobody here can reach it: `RayMember.forget`.
                if not await self._may_live(member):
                    return True
            except TimeoutError:
                await self._restart(member, "did not forget a recording in time")
        return False

    async def _may_live(self, member: RayMember) -> bool:
        before = member.instance
        await member.look()
        return member.answers and member.instance == before

    # Looking.

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        answered = loop.time()
        while not self.away:
            await asyncio.sleep(LOOK_SECONDS)
            await self._look()
            self._pool.look()
            if any(member.answers and not member.fault for member in self._members.values()):
                answered = loop.time()  # one that loads may take long, and what waits for it waits
            elif loop.time() > answered + (COMING_SECONDS if self._begun() else AWAY_SECONDS):
                self.away = self._trouble or " ".join(self._faults()) or self._nobody()

    async def _look(self) -> None:
        try:
            there = await self._ask(lambda: self._new(self._names()))
            self._trouble = ""
        except Exception as error:  # whatever Ray raises where its head is away
            self._trouble = f"The Ray cluster does not answer ({type(error).__name__})."
        else:
            self._keep(there)
        await asyncio.gather(*(member.look() for member in self._members.values()))
        for member in list(self._members.values()):  # `forget` may see others come
            await self._judge(member)

    def _names(self) -> list[str]:
        """Return who is there, after those that were wanting are begun. Takes a thread."""
        there = actor_names(self._ray)
        wanted = wanted_actors(self._ray, self._ray_spec, there)
        for name in wanted:
            begin_actor(self._ray, name, self._ray_spec, self._spec)
        return [*there, *wanted]

    def _new(self, names: list[str]) -> dict[str, Any]:
        """Return who is there, with the handles of those that may be new. Takes a thread."""
        there: dict[str, Any] = {}
        for name in names:
            with contextlib.suppress(ValueError):  # gone again
                known = self._members.get(name)
                # One that does not answer may have been ended, and another begun in its place.
                asked = known is not None and known.answers
                there[name] = None if asked else self._ray.get_actor(name)
        return there

    async def _ask(self, ask: Callable[[], T]) -> T:
        """Return what the cluster's head says. Raises TimeoutError, and what Ray raises."""
        async with asyncio.timeout(CLUSTER_SECONDS):
            return await asyncio.get_running_loop().run_in_executor(self._asking, ask)

    def _keep(self, there: Mapping[str, Any]) -> None:
        for name in list(self._members):
            handle = there.get(name)
            if name not in there or (handle is not None and not self._members[name].is_at(handle)):
                self._drop(name)
        for name, handle in there.items():
            if name not in self._members and handle is not None:
                member = RayMember(name, handle, self._settings, self._spec.keys)
                self._members[name] = member
                self._pool.add(member)

    def _drop(self, name: str) -> None:
        log.warning("an engine left the cluster: %s", name)
        del self._members[name]
        self._failing.pop(name, None)
        self._told.pop(name, None)
        self._pool.remove(name)

    async def _judge(self, member: RayMember) -> None:
        """Tell what keeps a member from being asked; begin anew what will not mend itself."""
        info = member.info
        if info is not None and not member.fault:
            self._failing.pop(member.name, None)
            self._sound = self._sound or info.sound
            if info.sound != self._sound:
                member.refuse(
                    f"The engine {member.name} loaded {info.model} on {info.device}, the others "
                    f"{self._sound[1]} on {self._sound[2]}: they would sound different."
                )
        if member.fault and member.fault != self._told.get(member.name):
            self._told[member.name] = member.fault
            log.warning("an engine of the cluster cannot be used: %s", member.fault)
        if member.broken and self._due(member.name):
            await self._restart(member, member.fault)
        elif member.idle_seconds > self._ray_spec.sentence_seconds:
            await self._restart(member, "did not come round")

    def _due(self, name: str) -> bool:
        now = asyncio.get_running_loop().time()
        failing = self._failing.setdefault(name, _Failing(Backoff(), now + LOOK_SECONDS))
        if now < failing.not_before:
            return False
        failing.not_before = now + LOOK_SECONDS + failing.backoff.fail()
        return True

    async def _restart(self, member: RayMember, reason: str) -> None:
        log.warning("an engine of the cluster is begun anew: %s, %s", member.name, reason)
        try:
            async with asyncio.timeout(CLUSTER_SECONDS):
                await member.restart()
        except Exception as error:
            log.warning("an engine of the cluster could not be ended: %s", error)

    def _begun(self) -> bool:
        """Whether the process of an engine is begun for the first time, as far as is known."""
        return not self._trouble and any(not each.instance for each in self._members.values())

    def _faults(self) -> list[str]:
        return sorted({member.fault for member in self._members.values() if member.fault})

    def _nobody(self) -> str:
        if self._ray_spec.actors == 0 and not self._members:
            return (
                "No engine of the Ray cluster is served, and with [engine] ray_actors = 0 none is "
                "begun. Begin one on a machine of the cluster: mynah engine serve"
            )
        return (
            "No engine of the Ray cluster answers. Look at `ray status`: are its machines there, "
            "with GPUs that are free? See [engine] ray_actors and ray_gpus in config.example.toml."
        )
