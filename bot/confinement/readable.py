"""What a confined Python has to read: itself, its libraries, and what they look at."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

SYSTEM = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/nix/store",
    "/gnu/store",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/usr/share/zoneinfo",
    "/dev/null",
    "/dev/zero",
    "/dev/urandom",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
)
"""The C library, time zones, and by what libraries tell how many threads they should start."""

_PYTHON_PATHS = ("stdlib", "platstdlib", "purelib", "platlib")
_PACKAGE_FOLDERS = ("site-packages", "dist-packages")
_MODULE_SUFFIXES = (".py", ".so")
_BESIDE_MODULES = (".libs", ".dist-info")
"""Ends of the names of folders that wheels lay beside their modules."""


def python() -> Iterator[Path]:
    """Yield what may be read: files, and directories with all that is in them.

    A folder of packages counts as a whole. Of another place that Python looks for modules in, such
    as the folder of a clone, only its packages and modules do: there may lie a configuration, a key
    and the data beside them.
    """
    yield from map(Path, SYSTEM)
    installed = {sysconfig.get_path(name) for name in _PYTHON_PATHS}
    yield from (Path(path) for path in installed if path)
    yield from _mapped_libraries()
    yield from _packages_elsewhere()
    for entry in map(Path, sys.path):
        if entry.name in _PACKAGE_FOLDERS or entry.name == "lib-dynload":
            yield entry
        elif os.fspath(entry) not in installed:
            yield from _modules(entry)


def _packages_elsewhere() -> Iterator[Path]:
    """Yield the folders of loaded packages; those of an editable install are on no path."""
    for name, module in list(sys.modules.items()):
        if "." not in name:
            yield from map(Path, getattr(module, "__path__", ()))


def _modules(folder: Path) -> Iterator[Path]:
    try:
        found = list(folder.iterdir())
    except OSError:
        return
    for path in found:
        is_package = _exists(path / "__init__.py") or path.suffix in _BESIDE_MODULES
        if is_package or path.suffix in _MODULE_SUFFIXES:
            yield path


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except OSError:  # also where it may not be looked at
        return False
    return True


def _mapped_libraries() -> Iterator[Path]:
    """Yield the folders of the shared libraries that this process has loaded."""
    maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
    files = {line.split(maxsplit=5)[5] for line in maps.splitlines() if "/" in line}
    yield from {Path(file).parent for file in files if ".so" in file}


def without_parts(paths: Iterable[Path]) -> list[Path]:
    """Return the paths that exist, each once, without those that lie in another of them."""
    kept: list[Path] = []
    for path in sorted({path.resolve() for path in paths if _exists(path)}):
        if not any(path.is_relative_to(other) for other in kept[-1:]):
            kept.append(path)
    return kept
