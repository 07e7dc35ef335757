"""What no command writes over, however it is named: the files that Mynah itself lives on."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from bot.errors import UserError
from storage.kept import kept_directories
from storage.layout import DATABASE_NAME, OURS

if TYPE_CHECKING:
    from bot.config import Settings

_PACKAGES = ("bot", "cogs", "loopback", "storage")
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class OwnFiles:
    """What is Mynah's own: files, and folders with all that lies in them; each with its name.

    data: the data directory, in which only what is the store's own is meant: people keep it where
        they work.
    """

    data: Path
    files: Mapping[Path, str]
    folders: Mapping[Path, str]

    @classmethod
    def of(cls, settings: Settings, configuration: Path) -> OwnFiles:
        """Return what is Mynah's own by a configuration, which was read from `configuration`."""
        from bot.config import DEFAULT_PATH

        storage = settings.storage
        files: dict[Path | None, str] = {
            configuration: "Mynah's configuration",
            DEFAULT_PATH: "where Mynah looks for its configuration",
            storage.key_file: "the key file: without it the voices are lost",
            settings.discord.token_file: "the token file",
        }
        folders: dict[Path | None, str] = {
            settings.engine.checkpoint: "the folder of the engine's model",
            settings.enrolment.no_go_clips: "the folder of no_go_clips",
            _hub_cache(): "the folder that models are downloaded to",
            **dict.fromkeys(_program(), "the folder that Mynah is installed in"),
            **dict.fromkeys(kept_directories(storage.directory), "the folder of what was replaced"),
        }
        return cls(storage.directory, _named(files), _named(folders))

    def refuse(self, path: Path) -> None:
        """Raise `UserError` where a file that is written to `path` would take the place of one of
        Mynah's, or lie among them; by links, relative names and other case, too.
        """
        if self._is_stored(path):
            raise UserError(
                f"{path} lies where Mynah keeps the voices. Write to a folder outside {self.data}."
            )
        for own, name in self.files.items():
            if _is_same(path, own):
                raise UserError(f"{path} is {name}. Choose another name.")
        for own, name in self.folders.items():
            if any(_parts_below(place, real) is not None
                   for place in _places(path) for real in _places(own)):  # fmt: skip
                raise UserError(f"{path} lies in {name}. Write to another folder.")

    def _is_stored(self, path: Path) -> bool:
        """Voices and their recordings are changed by commands, never by a file put there."""
        data = _folded(os.path.realpath(self.data))
        ours = {name.casefold() for name in OURS}
        for place in _places(path):
            below = _parts_below(place, data)
            if below is None:
                continue
            first = below[0] if below else ""
            if first in ours or first.startswith(DATABASE_NAME):
                return True
        return False


def _named(names: Mapping[Path | None, str]) -> dict[Path, str]:
    return {path: name for path, name in names.items() if path is not None}


def _is_same(path: Path, own: Path) -> bool:
    if _places(path) & _places(own):
        return True
    try:
        return path.samefile(own)
    except OSError:  # one of them does not exist
        return False


def _places(path: Path) -> set[PurePath]:
    """Return where a name leads: the entry of its folder, and what that links to."""
    entry = Path(os.path.realpath(path.parent), path.name)
    return {_folded(str(entry)), _folded(os.path.realpath(path))}


def _folded(path: str) -> PurePath:
    """Return a path as the file systems know it that do not tell case apart; it costs the others
    names that nobody misses.
    """
    return PurePath(path.casefold())


def _parts_below(path: PurePath, folder: PurePath) -> tuple[str, ...] | None:
    return path.relative_to(folder).parts if path.is_relative_to(folder) else None


def _program() -> Iterator[Path]:
    for package in _PACKAGES:
        yield _ROOT / package
    for place in ("scripts", "purelib", "platlib"):
        yield Path(sysconfig.get_path(place))


def _hub_cache() -> Path | None:
    """Return where the hub's library keeps models; it is not imported for that."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    home = Path(os.environ.get("HF_HOME") or cache / "huggingface")
    try:
        return Path(os.environ.get("HF_HUB_CACHE") or home / "hub").expanduser()
    except RuntimeError:  # this user has no home
        return None
