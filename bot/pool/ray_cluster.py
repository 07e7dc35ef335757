"""The way into a Ray cluster, and its actors: with `ray_member` the only module that imports Ray.

Ray comes with the extra `ray` and is imported when a cluster is asked for, in the engine worker:
Ray ends the process that it is in when the head of the cluster is away for a minute.
"""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.errors import EngineDeadError
from bot.pool.engine_host import CLIP_CACHE_BYTES
from bot.pool.ray_actor import SpeechActor, for_actor
from bot.speech.engine_worker import EngineOpener
from bot.speech.engines.select import open_engine
from bot.speech.types import EngineSpec

log = logging.getLogger(__name__)

PREFIX = "mynah-engine-"
"""Begins the names of the actors; a number follows, or the machine that `engine serve` is on."""

KNOCK_SECONDS = 5.0
"""For the cluster's head to take a connection."""

_GROUPS = {"speech": 1024, "health": 64}
"""Calls at once of each concurrency group, so that health is answered whatever is spoken."""


@dataclass(frozen=True, slots=True)
class RaySpec:
    """Which cluster, and what actors it is to have; a part of the configuration.

    actors: how many this bot sees to; None is one for each GPU of the cluster, or for each machine
    where they take no GPU. Those of `mynah engine serve` count. gpus: that each takes.
    sentence_seconds: after which an engine whose thread has not come round is begun anew.
    clip_bytes: of the recordings that each keeps. open_engine: what it loads its engine with.
    """

    address: str = "auto"
    namespace: str = "mynah"
    actors: int | None = None
    gpus: float = 1.0
    sentence_seconds: float = 300.0
    clip_bytes: int = CLIP_CACHE_BYTES
    open_engine: EngineOpener = field(default=open_engine)


def import_ray() -> Any:
    """Return Ray. Raises `EngineDeadError` with what to install."""
    # Before the import, which reads it.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # How long a lost call waits to be told more of the loss than that it is lost.
    os.environ.setdefault("RAY_timeout_ms_task_wait_for_death_info", "100")
    try:
        import ray
    except ImportError:
        raise EngineDeadError(
            '[engine] executor = "ray" needs Ray, which is not installed. Install it in Mynah\'s '
            'environment: pip install "mynah-bot[ray]"'
        ) from None
    return ray


def connect(spec: RaySpec) -> Any:
    """Join the cluster as one who asks; return Ray. Never begins a cluster.

    Raises `EngineDeadError` with what to do where it is away or of another version.
    """
    ray = import_ray()
    if ray.is_initialized():
        return ray
    # Ray says at each start that it sets no handler of signals, which is as it should be.
    logging.getLogger("ray").setLevel(logging.ERROR)
    with _explained(ray, spec.address):
        _knock(spec.address)
        ray.init(
            address=spec.address,
            namespace=spec.namespace,
            configure_logging=False,
            logging_level=logging.ERROR,
            log_to_driver=False,
        )
    return ray


def _knock(address: str) -> None:
    """Raise OSError where nobody listens: Ray would try for a minute, and end this process."""
    if address != "auto":
        host, _, port = address.rpartition(":")
        socket.create_connection((host.strip("[]"), int(port)), KNOCK_SECONDS).close()


@contextlib.contextmanager
def _explained(ray: Any, address: str) -> Iterator[None]:
    try:
        yield
    except ray.exceptions.AuthenticationError:
        raise _no_token(address) from None
    except RuntimeError as error:
        if "ersion mismatch" in str(error):
            raise EngineDeadError(
                f"The Ray cluster at {address} runs other versions than this machine. Install the "
                f"same Ray and Python everywhere. ({' '.join(str(error).split())})"
            ) from None
        raise _away(address, error) from None
    except (ConnectionError, TimeoutError, OSError, ValueError) as error:
        if "InvalidAuthToken" in str(error.__cause__):
            raise _no_token(address) from None
        raise _away(address, error) from None


def _no_token(address: str) -> EngineDeadError:
    return EngineDeadError(
        f"The Ray cluster at {address} asks for a token, and the one that Mynah has is missing or "
        "another. Set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH, in Mynah's "
        "environment as on the cluster's machines; see docs/scale.md."
    )


def _away(address: str, error: Exception) -> EngineDeadError:
    return EngineDeadError(
        f"No Ray cluster can be reached at {address} ({' '.join(str(error).split())[:300]}). Join "
        "this machine to it: ray start --address=HEAD:6379; or see [engine] ray_address."
    )


def actor_names(ray: Any) -> list[str]:
    """Return the names of the engine's actors in this namespace, in order."""
    return sorted(name for name in ray.util.list_named_actors() if name.startswith(PREFIX))


def wanted_actors(ray: Any, spec: RaySpec, there: list[str]) -> list[str]:
    """Return the names of the actors that are wanting."""
    if spec.actors is not None:
        count = spec.actors
    elif spec.gpus > 0:
        count = int(ray.cluster_resources().get("GPU", 0) // spec.gpus)
    else:
        count = sum(node["Alive"] for node in ray.nodes())
    served = sum(not name.removeprefix(PREFIX).isdigit() for name in there)
    names = [f"{PREFIX}{number}" for number in range(max(0, count - served))]
    return [name for name in names if name not in there]


def begin_actor(
    ray: Any, name: str, spec: RaySpec, engine: EngineSpec, node_id: str | None = None
) -> Any:
    """Return the actor of that name, which is begun unless another bot did.

    node_id: the machine that it has to be on; None for any.
    """
    strategy: Any = "SPREAD"
    if node_id is not None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        strategy = NodeAffinitySchedulingStrategy(node_id, soft=False)
    options = ray.remote(concurrency_groups=_GROUPS)(SpeechActor).options(
        name=name,
        namespace=spec.namespace,
        lifetime="detached",
        get_if_exists=True,
        num_cpus=0,
        num_gpus=spec.gpus,
        max_restarts=-1,
        max_task_retries=0,
        scheduling_strategy=strategy,
    )
    return options.remote(spec.open_engine, for_actor(engine), spec.clip_bytes)


def served_name(number: int = 0) -> str:
    """Return the name of an actor that `mynah engine serve` keeps on this machine."""
    return f"{PREFIX}{platform.node()}-{number}"
