"""The files of a model: which parts it has, what holds them, and where they are published."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

Role = Literal["voice encoder", "T3", "S3Gen", "tokenizer", "extra"]


class UnclearError(ValueError):
    """Several files fit in place of one; `names` has them."""

    def __init__(self, names: Collection[str], pattern: str, role: Role) -> None:
        super().__init__(names, pattern, role)
        self.names = tuple(names)
        self._pattern, self._role = pattern, role

    def __str__(self) -> str:
        names = " and ".join(self.names)
        return f"{names} all fit {self._pattern}, and only one can be the {self._role}"


@dataclass(frozen=True, slots=True)
class Source:
    """A repository of the model hub, at the commit whose files are known ("main": none is)."""

    repository: str
    revision: str = "main"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a model and the files that hold it.

    choices: sets of file names, any one of which is the whole part; the first that is complete is
    taken. A name may be a pattern as in a shell, where the name is not known; one file must fit it.
    size: bytes of the first choice: of T3, S3Gen and the voice encoder computed from the shapes of
    their tensors, of the others roughly.
    required: whether the model cannot be loaded without it. lenient: whether upstream loads it so
    that tensors more, and those less that are computed anyway, are no fault.
    others: files of other models, which no pattern may take.
    """

    role: Role
    source: Source
    choices: tuple[tuple[str, ...], ...]
    size: int = 0
    required: bool = True
    lenient: bool = False
    others: tuple[str, ...] = ()

    def find(self, names: Collection[str]) -> tuple[str, ...]:
        """Return the files of this part among `names`; none where it is not complete.

        Raises `UnclearError`, which names them, where several fit a pattern.
        """
        for choice in self.choices:
            found = [self._only(name, names) for name in choice]
            if all(found):
                return tuple(filter(None, found))
        return ()

    @property
    def wanted(self) -> str:
        """The names in words, for whoever lacks them."""
        return " or ".join(" with ".join(choice) for choice in self.choices)

    def _only(self, pattern: str, names: Collection[str]) -> str | None:
        if pattern in names:
            return pattern
        fitting = sorted({n for n in names if fnmatchcase(n, pattern)} - {*self.others})
        if len(fitting) > 1:
            raise UnclearError(fitting, pattern, self.role)
        return fitting[0] if fitting else None
