"""How every part of the running program is: what it is asked, and what it told by itself."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.condition import Condition, State

LOOK_SECONDS = 1.0
"""How often the parts are looked at, so that it is known since when one fails."""

LAG_SECONDS = 5.0
"""A look that comes this much too late tells that the event loop was blocked."""

LAG_MEMORY_SECONDS = 60.0
"""How long a blocked event loop is told of."""

EVENT_LOOP = "event loop"

Look = Callable[[], Condition]


@dataclass(frozen=True, slots=True)
class PartHealth:
    """One part as it was when it was asked.

    seconds: how long it has been in this state. next_try_seconds: until it tries again by itself;
    None where no try is set. restarts, last_error: see `Condition`.
    """

    part: str
    state: State
    reason: str
    seconds: float
    next_try_seconds: float | None
    restarts: int
    last_error: str


@dataclass(frozen=True, slots=True)
class HealthReport:
    """All parts, in the order in which they were added."""

    parts: tuple[PartHealth, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing fails or is still starting."""
        return not any(part.state in ("starting", "failing") for part in self.parts)

    def part(self, name: str) -> PartHealth | None:
        """Return one part, if it is known."""
        return next((part for part in self.parts if part.part == name), None)

    def as_json(self) -> dict[str, object]:
        """Return what `json.dumps` takes."""
        return {"ok": self.ok, "parts": [dataclasses.asdict(part) for part in self.parts]}


class Health:
    """Knows how each part is. Parts that can be asked are asked; others report when it changes.

    clock: seconds, monotonic. The names in use: "engine", where there are several of them "engine
    cuda:0" and so on, "media worker", "discord", "database", "pacer", "event loop".
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looks: dict[str, Look] = {}
        self._groups: dict[str, Callable[[], Mapping[str, Look]]] = {}
        self._seen: dict[str, tuple[State, float]] = {}  # the state, and since when
        self._lags: list[tuple[float, float]] = []  # when the event loop was late, and how much

    def watch(self, part: str, look: Look) -> None:
        """Ask `look` how a part is from now on. It must be quick, and may not fail."""
        self._looks[part] = look

    def watch_each(self, group: str, looks: Callable[[], Mapping[str, Look]]) -> None:
        """Do so with what a part is made of, as it comes and goes: "engine cuda:0" of "engine"."""
        self._groups[group] = looks

    def report(self, part: str, condition: Condition) -> None:
        """Take note of how a part is, until it is reported or watched anew."""
        self.watch(part, lambda: condition)
        self._condition(part, self._looks[part])

    def snapshot(self) -> HealthReport:
        """Return how everything is now."""
        looks = self._all()
        self._seen = {name: seen for name, seen in self._seen.items() if name in looks}
        return HealthReport(tuple(self._part(name, look) for name, look in looks.items()))

    def _all(self) -> dict[str, Look]:
        """Return the parts that are there, each before those that it is made of."""
        looks = {}
        for name, look in self._looks.items():
            looks[name] = look
            group = self._groups[name]() if name in self._groups else {}
            looks |= {f"{name} {each}": part for each, part in group.items()}
        return looks

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Health]:
        """Look at the parts, and at the event loop itself, as long as this is open."""
        self.watch(EVENT_LOOP, self._event_loop)
        looking = asyncio.create_task(self._keep_looking(), name="health")
        try:
            yield self
        finally:
            looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await looking

    async def _keep_looking(self) -> None:
        while True:
            due = self._clock() + LOOK_SECONDS
            await asyncio.sleep(LOOK_SECONDS)
            now = self._clock()
            if now - due > LAG_SECONDS:
                self._lags.append((now, now - due))
            self._lags = [lag for lag in self._lags if now - lag[0] < LAG_MEMORY_SECONDS]
            self.snapshot()

    def _event_loop(self) -> Condition:
        if not self._lags:
            return Condition("ok")
        worst = max(late for _when, late in self._lags)
        return Condition(
            "failing", f"It was blocked for {worst:.0f} s; nothing could be answered meanwhile."
        )

    def _condition(self, name: str, look: Look) -> tuple[Condition, float]:
        """Return how a part is, and since when its state is what it is."""
        condition, now = look(), self._clock()
        state, since = self._seen.get(name, (condition.state, now))
        if state != condition.state:
            since = now
        self._seen[name] = condition.state, since
        return condition, condition.since if condition.since is not None else since

    def _part(self, name: str, look: Look) -> PartHealth:
        condition, since = self._condition(name, look)
        now, next_try = self._clock(), condition.next_try
        return PartHealth(
            name,
            condition.state,
            condition.reason,
            round(max(0.0, now - since), 1),
            round(max(0.0, next_try - now), 1) if next_try is not None else None,
            condition.restarts,
            condition.last_error,
        )
