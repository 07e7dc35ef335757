"""How this Mynah was installed, for advice on what to install: from a clone, or as a package."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

Extra = Literal["chatterbox", "piper"]

_TARGETS: dict[Extra, str] = {"chatterbox": "make install-chatterbox", "piper": "make install"}


def is_clone(
    packages: Path = Path(__file__).parent.parent, environment: Path = Path(sys.prefix)
) -> bool:
    """Whether the packages in this folder are those of a clone, and its Makefile made this Python's
    environment; one that was made by hand is not what `make` installs into.
    """
    made = environment.parent == packages and environment.name.startswith(".venv")
    return made and all((packages / name).is_file() for name in ("Makefile", "pyproject.toml"))


def command(extra: Extra, *, clone: bool | None = None) -> str:
    """Return the command that adds an engine here. clone: whether this is one; None to look."""
    if is_clone() if clone is None else clone:
        return _TARGETS[extra]
    return f'pip install "mynah-bot[{extra}]"'


def advice(extra: Extra, *, clone: bool | None = None) -> str:
    """Return what to do to add an engine here, as the end of a sentence."""
    clone = is_clone() if clone is None else clone
    place = "Mynah's folder" if clone else "its environment"
    return f"run `{command(extra, clone=clone)}` in {place}"
