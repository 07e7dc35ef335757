"""Recordings that an engine on another machine was sent: in memory, bounded, never on its disk."""

from __future__ import annotations

from collections import OrderedDict


class ClipCache:
    """Contents of clips by the hash of their samples; the least recently used one goes first.

    most_bytes: of all together. A clip that is longer by itself is kept until the next comes.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._contents: OrderedDict[str, bytes] = OrderedDict()
        self.bytes_used = 0

    def __len__(self) -> int:
        return len(self._contents)

    def __contains__(self, sha256: str) -> bool:
        return sha256 in self._contents

    def get(self, sha256: str) -> bytes | None:
        """Return a clip's content and count it as used; None where it is not here."""
        if sha256 not in self._contents:
            return None
        self._contents.move_to_end(sha256)
        return self._contents[sha256]

    def put(self, sha256: str, content: bytes) -> None:
        """Keep a clip; the least recently used ones make room."""
        self.forget(sha256)
        self._contents[sha256] = content
        self.bytes_used += len(content)
        while self.bytes_used > self._most_bytes and len(self._contents) > 1:
            self.forget(next(iter(self._contents)))

    def forget(self, sha256: str) -> None:
        """Drop a clip, if it is here."""
        content = self._contents.pop(sha256, None)
        self.bytes_used -= len(content) if content is not None else 0
