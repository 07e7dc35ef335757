"""Names that the operator lets nobody enrol."""

from __future__ import annotations

from collections.abc import Sequence


class NoGoNames:
    """The operator's list. patterns: as in the configuration."""

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        self._patterns = tuple(patterns)

    def refuse(self, name: str) -> None:
        """Raise `UserError` for a name on the list, without telling what is on it."""
