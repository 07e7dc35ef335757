"""Which devices there are, and how much memory there is to have."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox.device import available_memory
from bot.speech.engines.chatterbox.stock import choose_device

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


def torch_with(cards: int, *, mps: bool = False) -> SimpleNamespace:
    """As much of torch as says which devices there are; a test machine has but its own."""
    cuda = SimpleNamespace(is_available=lambda: cards > 0, device_count=lambda: cards)
    backends = SimpleNamespace(mps=SimpleNamespace(is_available=lambda: mps))
    return SimpleNamespace(cuda=cuda, backends=backends)


@pytest.mark.parametrize(
    ("cards", "mps", "chosen"), [(2, False, "cuda"), (0, True, "mps"), (0, False, "cpu")]
)
def test_the_quickest_device_is_chosen(cards: int, mps: bool, chosen: str) -> None:
    assert choose_device(torch_with(cards, mps=mps), "auto") == chosen


@pytest.mark.parametrize("wanted", ["cuda", "cuda:1", "cpu"])
def test_a_device_that_is_there_is_taken(wanted: str) -> None:
    assert choose_device(torch_with(2), wanted) == wanted


@pytest.mark.parametrize(("cards", "wanted"), [(0, "cuda"), (1, "cuda:1"), (1, "mps")])
def test_a_device_that_is_not_there_is_an_error(cards: int, wanted: str) -> None:
    with pytest.raises(EngineDeadError, match=f"no device '{wanted}'.*, but .*cpu.* or to"):
        choose_device(torch_with(cards), wanted)
