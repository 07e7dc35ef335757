"""What is installed: the size of the base install, and what the lock files hold."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).parent.parent
MAX_BASE_BYTES = 605_000_000


def base_distributions() -> list[Distribution]:
    text = (ROOT / "requirements" / "base.txt").read_text(encoding="utf-8")
    found = []
    for name in sorted(set(re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE))):
        try:
            found.append(distribution(name))
        except PackageNotFoundError:
            continue  # for another platform or Python
    return found


def installed_bytes(package: Distribution) -> int:
    paths = [Path(str(package.locate_file(file))) for file in package.files or []]
    return sum(p.stat().st_size for p in paths if p.suffix != ".pyc" and p.exists())


def test_base_install_stays_small() -> None:
    sizes = {package.name: installed_bytes(package) for package in base_distributions()}
    assert len(sizes) > 40
    assert sum(sizes.values()) < MAX_BASE_BYTES, sorted(sizes.items(), key=lambda s: -s[1])[:8]


def test_base_install_has_no_engine() -> None:
    names = {package.name.lower() for package in base_distributions()}
    assert not names & {"torch", "chatterbox-tts", "piper-tts", "onnxruntime"}


def test_every_locked_package_has_a_hash() -> None:
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        entries = re.split(r"^(?=[a-z0-9._-]+==)", lock.read_text(encoding="utf-8"), flags=re.M)
        assert all("--hash=sha256:" in entry for entry in entries[1:]), lock.name
