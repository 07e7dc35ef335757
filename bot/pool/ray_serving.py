"""Actors that `mynah engine` keeps on this machine, for as long as it is asked to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from bot.errors import EngineDeadError
from bot.pool.ray_actor import settings_of
from bot.pool.ray_cluster import RaySpec, actor_names, begin_actor, connect, served_name
from bot.pool.ray_member import RayMember
from bot.speech.remote_device import COMING
from bot.speech.types import EngineSpec

LOOK_SECONDS = 1.0


async def serve(
    ray_spec: RaySpec,
    spec: EngineSpec,
    actors: int,
    stop: asyncio.Event,
    tell: Callable[[str], None],
    joined: Callable[[], None] = lambda: None,
) -> None:
    """Keep so many actors on this machine until `stop` is set; then end them.

    tell: takes a line of what goes on. joined: called when Ray was joined, which sets handlers of
    signals by itself. Raises `EngineDeadError` where the cluster is away, where
    there is no room for them, and where no engine can be loaded.
    """
    ray = await asyncio.to_thread(connect, ray_spec)
    joined()
    async with _kept(ray, ray_spec, spec, actors) as members:
        told: dict[str, str] = {}
        while not stop.is_set():
            await asyncio.gather(*(member.look() for member in members))
            for member in members:
                state = _in_words(member)
                if told.get(member.name) != state:
                    tell(f"{member.name}: {state}")
                told[member.name] = state
            if all(member.broken for member in members):
                raise EngineDeadError(members[0].fault)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await stop.wait()


def stop_all(ray_spec: RaySpec) -> list[str]:
    """End all engines of the namespace, on all machines; return their names.

    A bot that runs begins its own anew. Raises `EngineDeadError` where the cluster is away.
    """
    ray = connect(ray_spec)
    names = actor_names(ray)
    for name in names:
        _end(ray, name)
    return names


@contextlib.asynccontextmanager
async def _kept(
    ray: Any, ray_spec: RaySpec, spec: EngineSpec, actors: int
) -> AsyncIterator[Sequence[RayMember]]:
    names = [served_name(number) for number in range(actors)]
    node_id = ray.get_runtime_context().get_node_id()
    settings = settings_of(spec)

    def begin() -> list[RayMember]:
        for name in names:
            _end(ray, name)  # what an earlier one left behind may be of other settings
        return [
            RayMember(name, begin_actor(ray, name, ray_spec, spec, node_id), settings, spec.keys)
            for name in names
        ]

    try:
        yield await asyncio.to_thread(begin)
    finally:
        for name in names:
            await asyncio.to_thread(_end, ray, name)


def _end(ray: Any, name: str) -> None:
    with contextlib.suppress(ValueError):  # there is none
        ray.kill(ray.get_actor(name), no_restart=True)


def _in_words(member: RayMember) -> str:
    if member.fault:
        return member.fault
    info = member.info
    if info is None:
        return COMING
    return f"speaks with {info.model} on {info.device}, {info.slots} at once"
