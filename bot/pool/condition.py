"""How a pool is: as well as the best of its engines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.condition import Condition
from bot.pool.replica import DeviceReplica


def condition_of(replicas: Sequence[DeviceReplica], *, closed: bool = False) -> Condition:
    """Return how several are together: ok while one can speak, failing when all of them are."""
    if closed:
        return Condition("off", "It was shut down.")
    each = {replica.name: replica.condition() for replica in replicas}
    restarts = sum(condition.restarts for condition in each.values())
    last_error = next((told.last_error for told in each.values() if told.last_error), "")
    fit = [replica.name for replica in replicas if replica.fit]
    missing = " ".join(
        f"{name}: {told.reason or told.state}" for name, told in each.items() if name not in fit
    )
    if fit:
        told = f"{len(fit)} of {len(replicas)} engines speak. {missing}" if missing else ""
        return Condition("ok", told or ", ".join(fit), restarts=restarts, last_error=last_error)
    if any(condition.state == "starting" for condition in each.values()):
        return Condition("starting", missing, restarts=restarts, last_error=last_error)
    return Condition(
        "failing",
        missing,
        next_try=min((at for at in _tries(each.values())), default=None),
        restarts=restarts,
        last_error=last_error,
        for_members=next((told.for_members for told in each.values() if told.for_members), ""),
    )


def _tries(conditions: Iterable[Condition]) -> Iterable[float]:
    return (told.next_try for told in conditions if told.next_try is not None)
