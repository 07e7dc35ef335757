"""A cache of prepared voices, bounded by bytes. All of it is rebuilt from the clips."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ConditionalsCache(Generic[K, V]):
    """The values used last, as many as fit into `max_bytes`. Any thread may use it.

    size_of: the bytes that a value occupies. room: how many more bytes the values may take, as
    things stand; by default as many as `max_bytes` allows.
    """

    def __init__(
        self,
        max_bytes: int,
        size_of: Callable[[V], int],
        room: Callable[[], int] | None = None,
    ) -> None:
        self._max_bytes = max_bytes
        self._room = room
        self._size_of = size_of
        self._values: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def bytes_used(self) -> int:
        """Bytes of all values held; never more than `max_bytes`."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._values)

    def get_or_make(self, key: K, make: Callable[[], V]) -> V:
        """Return the value of `key`, made by `make` if it is not held.

        The values that were unused for longest give way. One that alone exceeds the bound is
        returned without being held.
        """
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key][0]
            value = make()
            size = self._size_of(value)
            if size <= self._max_bytes:
                self._values[key] = value, size
                self._bytes += size
                self._evict()
            return value

    def forget(self, key: K) -> None:
        """Forget one value, if it is held."""
        with self._lock:
            _, size = self._values.pop(key, (None, 0))
            self._bytes -= size

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()
            self._bytes = 0

    def _evict(self) -> None:
        bound = self._max_bytes
        if self._room is not None:
            bound = min(bound, self._bytes + self._room())
        while self._values and self._bytes > bound:
            _, (_, size) = self._values.popitem(last=False)
            self._bytes -= size
