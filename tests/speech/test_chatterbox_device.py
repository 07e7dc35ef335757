"""How much memory there is to have."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.speech.engines.chatterbox.device import available_memory

MACHINE = "MemTotal:  8000 kB\nMemFree:  100 kB\nMemAvailable:  5000 kB\n"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    path = tmp_path / "meminfo"
    path.write_text(MACHINE)
    return path


def group(directory: Path, limit: str, used: int, files: int) -> Path:
    (directory / "memory.max").write_text(f"{limit}\n")
    (directory / "memory.current").write_text(f"{used}\n")
    (directory / "memory.stat").write_text(f"anon 1\ninactive_file {files}\n")
    return directory


def test_what_files_occupy_can_be_had(machine: Path, tmp_path: Path) -> None:
    assert available_memory(machine, tmp_path / "none") == 5000 * 1024


@pytest.mark.parametrize(
    ("limit", "used", "files", "available"),
    [
        ("max", 7, 0, 5000 * 1024),
        ("3000000", 1_000_000, 200_000, 2_200_000),
        ("99999999", 0, 0, 5000 * 1024),
        ("1000", 2000, 0, 0),
    ],
)
def test_a_container_has_no_more_than_its_limit(
    machine: Path, tmp_path: Path, limit: str, used: int, files: int, available: int
) -> None:
    assert available_memory(machine, group(tmp_path, limit, used, files)) == available


def test_this_machine_has_some() -> None:
    assert available_memory() > 0


def test_elsewhere_what_the_system_calls_free_counts(tmp_path: Path) -> None:
    assert available_memory(tmp_path / "none", tmp_path / "none") > 0
