"""What an examination of the data found: what is wrong and what to do, for an operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["damage", "note"]

FIX = "`mynah doctor --fix`"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be; a note is no damage.

    kind: for programs; docs/cli.md lists them. advice: what to do. repairable: `--fix` sees to it.
    """

    kind: str
    what: str
    advice: str
    repairable: bool = False
    severity: Severity = "damage"
