"""Searches what objects of the program hold in memory."""

from __future__ import annotations

import asyncio
import gc
import types
from collections.abc import Collection, Iterator
from typing import Any

_ELSEWHERE = ("discord", "simcord", "aiohttp", "aiosqlite", "sqlite3", "_pytest", "pytest", "tests")
_SKIPPED = (
    type, types.ModuleType, types.CodeType, types.FrameType, types.CoroutineType,
    types.AsyncGeneratorType, types.GeneratorType, asyncio.AbstractEventLoop, asyncio.Future,
)  # fmt: skip


def reachable(roots: Collection[object]) -> Iterator[object]:
    """Yield what can be reached from objects, but for what belongs to libraries and tests."""
    seen: set[int] = set()
    waiting: list[Any] = list(roots)
    while waiting:
        each = waiting.pop()
        if id(each) in seen or _is_skipped(each):
            continue
        seen.add(id(each))
        yield each
        waiting += gc.get_referents(each)


def _is_skipped(each: object) -> bool:
    if isinstance(each, _SKIPPED):
        return True
    if isinstance(each, dict) and "__builtins__" in each:  # the globals of a module
        return True
    return type(each).__module__.partition(".")[0] in _ELSEWHERE


def found(roots: Collection[object], user_id: int, hashes: Collection[str]) -> list[object]:
    """Return the objects that hold a member's id or one of the hashes."""
    texts = (str(user_id), *hashes)
    return [
        container
        for container in reachable(roots)
        if not isinstance(container, (int, str))
        and any(
            (type(part) is int and part == user_id)
            or (isinstance(part, str) and any(text in part for text in texts))
            for part in gc.get_referents(container)
        )
    ]
