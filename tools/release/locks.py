"""What the lock files pin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements"

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def lock_files() -> list[Path]:
    """Return all lock files."""
    return sorted(REQUIREMENTS.glob("*.txt"))


def pins(lock: Path) -> Iterator[tuple[str, str]]:
    """Yield names and versions, whatever platform or Python they are for."""
    yield from _PIN.findall(lock.read_text(encoding="utf-8"))


def torch() -> tuple[str, str]:
    """Return what `tools/install_chatterbox.py` pins outside of the locks."""
    source = (ROOT / "tools" / "install_chatterbox.py").read_text(encoding="utf-8")
    found = re.search(r'^TORCH = "(torch)==([^"]+)"', source, re.MULTILINE)
    assert found is not None
    return found[1], found[2]


def layers(pinned: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """Return the pins, each once, in as few files as hold no name twice."""
    files: list[dict[str, str]] = []
    for name, version in sorted(set(pinned)):
        for file in files:
            if name not in file:
                file[name] = version
                break
        else:
            files.append({name: version})
    return files
