"""What a wheel must hold: every file of the packages that is in the tree, and nothing else.

python -m tools.release.contents [WHEEL]
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

from tools.release.locks import ROOT

PACKAGES = ("bot", "cogs", "loopback", "storage")


def wheel_in(folder: Path) -> Path:
    """Return the only wheel of a folder; exits where there is not one."""
    wheels = sorted(folder.glob("*.whl"))
    if len(wheels) != 1:
        sys.exit(f"{folder} holds {len(wheels)} wheels; `make dist` makes one.")
    return wheels[0]


def in_tree(root: Path = ROOT) -> set[str]:
    """Return the files of the packages, but for byte code."""
    files = (path for package in PACKAGES for path in (root / package).rglob("*"))
    return {
        path.relative_to(root).as_posix()
        for path in files
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }


def in_wheel(wheel: Path) -> set[str]:
    """Return the files of a wheel, but for its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def faults(tree: set[str], wheel: set[str]) -> list[str]:
    """Return what the wheel lacks and what it should not have."""
    lacks = [f"the wheel lacks {name}" for name in sorted(tree - wheel)]
    return lacks + [f"the wheel has {name}" for name in sorted(wheel - tree)]


def main() -> None:
    """Compare; exit with 1 where they differ."""
    wheel = Path(sys.argv[1]) if sys.argv[1:] else wheel_in(ROOT / "dist")
    if found := faults(in_tree(), in_wheel(wheel)):
        sys.exit("\n".join(found))
    print(f"{wheel.name}: {len(in_tree())} files, as in the tree")


if __name__ == "__main__":
    main()
