"""The formats that speech can be written in, without the libraries that write them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias, get_args

from bot.errors import UserError

AudioFormat: TypeAlias = Literal["wav", "ogg", "flac", "mp3"]
"""Names of the formats, each also the suffix of its files."""

FORMATS: tuple[AudioFormat, ...] = get_args(AudioFormat)


def format_of(path: Path) -> AudioFormat:
    """Return the format that a file's suffix names. Raises `UserError` for another suffix."""
    name = path.suffix.lower().removeprefix(".")
    if name not in FORMATS:
        known = ", ".join(f".{name}" for name in FORMATS)
        raise UserError(
            f"{path.name} does not say which format to write. End the name in one of {known}."
        )
    return name
