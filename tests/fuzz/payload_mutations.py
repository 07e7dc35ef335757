"""Payloads of Discord's, changed in one to three places as its schema does not allow."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

Path = tuple[str | int, ...]

_BAD_TEXTS = (
    "",
    " ",
    "\x00",
    "\u202e" * 50,
    "@everyone",
    "a" * 5_000,
    "‮\n" * 200,
    "-1",
    "NaN",
    "🦜" * 600,
)
_BAD_NUMBERS = (-1, 0, 2**31, 2**63, 2**70, -(2**70), 999, 1e308)
_BAD_KINDS: tuple[Any, ...] = (None, True, [], {}, "x", 7, 1.5, [[]], {"": {}}, ["x"] * 300)


def mutated(payload: Any, chance: random.Random, ids: Sequence[str]) -> Any:
    """Return a changed copy. ids: of other guilds, of what was deleted, of what is there."""
    changed = copy.deepcopy(payload)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        paths = list(_paths(changed))
        if not paths:
            return changed
        changed = _change(changed, chance.choice(paths), chance, ids)
    return changed


def _paths(node: Any, above: Path = ()) -> Iterator[Path]:
    if above:
        yield above
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _paths(value, (*above, key))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from _paths(value, (*above, number))


def _change(payload: Any, path: Path, chance: random.Random, ids: Sequence[str]) -> Any:
    *above, last = path
    holder = payload
    for step in above:
        holder = holder[step]
    chance.choice(_CHANGES)(holder, last, chance, ids)
    return payload


def _remove(holder: Any, key: Any, chance: random.Random, ids: Sequence[str]) -> None:
    del holder[key]


def _null(holder: Any, key: Any, chance: random.Random, ids: Sequence[str]) -> None:
    holder[key] = None


def _other_kind(holder: Any, key: Any, chance: random.Random, ids: Sequence[str]) -> None:
    holder[key] = copy.deepcopy(chance.choice(_BAD_KINDS))


def _other_value(holder: Any, key: Any, chance: random.Random, ids: Sequence[str]) -> None:
    old = holder[key]
    if isinstance(old, bool) or old is None:
        holder[key] = not old
    elif isinstance(old, (int, float)):
        holder[key] = chance.choice(_BAD_NUMBERS)
    elif isinstance(old, str):
        holder[key] = chance.choice((*_BAD_TEXTS, old * 200, old[::-1], old[:1]))
    elif isinstance(old, list):
        holder[key] = old * chance.choice((2, 30))
    else:
        holder[key] = {f"{name}x": value for name, value in old.items()}


def _other_id(holder: Any, key: Any, chance: random.Random, ids: Sequence[str]) -> None:
    holder[key] = chance.choice(ids)


def _nested(holder: Any, key: Any, chance: random.Random, ids: Sequence[str]) -> None:
    for _ in range(chance.choice((1, 40))):
        holder[key] = chance.choice(([holder[key]], {"value": holder[key], "options": []}))


_CHANGES: tuple[Callable[[Any, Any, random.Random, Sequence[str]], None], ...] = (
    _remove,
    _remove,
    _null,
    _null,
    _other_kind,
    _other_kind,
    _other_value,
    _other_value,
    _other_id,
    _other_id,
    _nested,
)
