"""Which actors a cluster has: begins those that are wanting, notices who came and who is lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import Any

from bot.errors import EngineDeadError, EngineError
from bot.i18n import Translatable
from bot.pool.ray_actor import settings_of
from bot.pool.ray_cluster import RaySpec, actor_names, begin_actor, wanted_actors
from bot.pool.ray_member import RayMember
from bot.pool.remote_pool import RemotePool
from bot.pool.remote_speaker import MemberLostError
from bot.speech.engines.base import Samples
from bot.speech.types import EngineInfo, EngineSpec
from bot.workers.backoff import Backoff
from storage.types import ReferenceClip

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""Between two looks at the cluster."""

CLUSTER_SECONDS = 5.0
"""For an answer of the cluster's head."""

AWAY_SECONDS = 10.0
"""Without any engine that answers, after which the cluster counts as away."""

FORGET_SECONDS = 10.0
"""For an engine to forget a clip; one that has not by then is begun anew, and empty."""

FORGET_ATTEMPTS = 3


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
        self._told: set[str] = set()
        self._sound: tuple[str, ...] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._trouble = ""
        self.away = ""

    @property
    def ready(self) -> list[RayMember]:
        """The engines that can be asked."""
        return [member for member in list(self._members.values()) if member.ready]

    async def first(self) -> EngineInfo:
        """Return what is loaded when the first engine is ready.

        Raises `EngineDeadError` where the cluster is away, or none of its engines can be loaded.
        """
        while True:
            await self._look()
            for member in self.ready:
                if member.info is not None:
                    return member.info
            faults = [member.fault for member in self._members.values()]
            if faults and all(faults):
                raise EngineDeadError(" ".join(sorted(set(faults))))
            if self._trouble or not self._members:
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

    async def forget(self, clip_sha256: str) -> None:
        """Return when no engine that lives has anything of a clip.

        One that cannot be reached forgets it before it is asked for anything. Raises `EngineError`
        where one answers and does not forget, and cannot be ended.
        """
        with contextlib.suppress(Exception):  # away: the next look tells it
            async with asyncio.timeout(CLUSTER_SECONDS):
                await self._keep(await asyncio.to_thread(actor_names, self._ray))
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
            if self.ready:
                answered = loop.time()
            elif loop.time() > answered + AWAY_SECONDS:
                self.away = self._trouble or self._nobody()

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(CLUSTER_SECONDS):
                names = await asyncio.to_thread(self._names)
            self._trouble = ""
        except Exception as error:  # whatever Ray raises where its head is away
            self._trouble = f"The Ray cluster does not answer ({type(error).__name__})."
        else:
            await self._keep(names)
        await asyncio.gather(*(member.look() for member in self._members.values()))
        for member in self._members.values():
            await self._judge(member)

    def _names(self) -> list[str]:
        """Return who is there, after those that were wanting are begun. Takes a thread."""
        there = actor_names(self._ray)
        wanted = wanted_actors(self._ray, self._ray_spec, there)
        for name in wanted:
            begin_actor(self._ray, name, self._ray_spec, self._spec)
        return [*there, *wanted]

    async def _keep(self, names: list[str]) -> None:
        for name in names:
            if name not in self._members:
                try:
                    handle = await asyncio.to_thread(self._ray.get_actor, name)
                except ValueError:
                    continue  # gone again
                member = RayMember(name, handle, self._settings, self._spec.keys)
                self._members[name] = member
                self._pool.add(member)
        for name in [name for name in self._members if name not in names]:
            log.warning("an engine left the cluster: %s", name)
            del self._members[name]
            self._pool.remove(name)

    async def _judge(self, member: RayMember) -> None:
        """Tell what keeps a member from being asked; begin anew what will not mend itself."""
        info = member.info
        if info is not None and not member.fault:
            self._failing.pop(member.name, None)
            self._sound = self._sound or info.sound
            if info.sound != self._sound:
                member.fault = (
                    f"The engine {member.name} loaded {info.model} on {info.device}, the others "
                    f"{self._sound[1]} on {self._sound[2]}: they would sound different."
                )
        if member.fault and member.fault not in self._told:
            self._told.add(member.fault)
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
            await member.restart()
        except Exception as error:
            log.warning("an engine of the cluster could not be ended: %s", error)

    def _nobody(self) -> str:
        return (
            "No engine of the Ray cluster answers. Look at `ray status`: are its machines there, "
            "with GPUs that are free? See [engine] ray_actors and ray_gpus in config.example.toml."
        )
