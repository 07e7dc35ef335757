"""`model = "auto"`: what a machine has, read by torch, and the model that is loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.speech.choice import MULTILINGUAL, Card, Machine
from bot.speech.engines import machine as machines
from bot.speech.engines.machine import read_cards, read_machine
from bot.speech.engines.select import decide, open_engine
from bot.speech.types import ChatterboxModel, EngineSpec
from tests.chatterbox.conftest import spec

GB = 10**9


class Cuda:
    """Cards of these free gigabytes as torch.cuda tells them; None is broken."""

    def __init__(self, *free: float | None) -> None:
        self.free = free
        self.asked: list[str] = []

    def is_available(self) -> bool:
        return bool(self.free)

    def device_count(self) -> int:
        return len(self.free)

    def get_device_name(self, number: int) -> str:
        return f"Card {number}"

    def mem_get_info(self, device: str) -> tuple[int, int]:
        self.asked.append(device)
        free = self.free[int(device.partition(":")[2])]
        if free is None:
            raise RuntimeError("CUDA error: all devices are busy\nand more")
        return int(free * GB), 80 * GB

    def memory_reserved(self, _device: str) -> int:
        return 0

    memory_allocated = memory_reserved


def cards(*free: float | None) -> tuple[tuple[Card, ...], Cuda]:
    cuda = Cuda(*free)
    torch: Any = SimpleNamespace(cuda=cuda)
    return read_cards(torch), cuda


def test_cards_are_read_up_to_one_with_room_for_everything() -> None:
    found, cuda = cards(1, 24, 80)
    assert found == (Card("cuda:0", "Card 0", GB), Card("cuda:1", "Card 1", 24 * GB))
    assert cuda.asked == ["cuda:0", "cuda:1"]


def test_a_card_that_cannot_be_used_is_none() -> None:
    assert cards(None, 24)[0] == (Card("cuda:1", "Card 1", 24 * GB),)
    assert cards(None)[0] == ()


def test_without_cards_nothing_is_asked() -> None:
    assert cards()[0] == ()


def test_this_machine_is_read() -> None:
    found = read_machine(("de",))
    assert found.languages == {"de"}
    assert found.cores >= 1
    assert found.host_bytes > GB / 4
    assert found.chatterbox


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[[Machine], None]:
    """Let the engine worker find another machine."""

    def pretend(made_up: Machine) -> None:
        monkeypatch.setattr(machines, "read_machine", lambda _languages: made_up)

    return pretend


BIG = Machine((Card("cuda:0", "", 24 * GB),), host_bytes=64 * GB, languages=frozenset({"de"}))


def auto(**changes: Any) -> EngineSpec:
    return EngineSpec("chatterbox", auto_model=True, **changes)


def test_the_choice_becomes_model_and_device(machine: Callable[[Machine], None]) -> None:
    machine(BIG)
    chosen, choice = decide(auto())
    assert (chosen.model, chosen.device, chosen.auto_model) == ("multilingual", "cuda:0", False)
    assert choice.model == MULTILINGUAL.name


def test_a_text_is_explained_for_the_model_that_auto_takes(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "bot", "say", "--explain", "[laugh] Hi"],
        env={**os.environ, "MYNAH_STORAGE__DIRECTORY": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    model = decide(auto())[1].model
    assert said.stdout == ("[laugh] Hi\n" if model == "nano" else "laugh Hi\n")
    assert f"For {model}, which auto takes here" in said.stderr


@pytest.mark.parametrize("there", ["english", "turbo", "nano", "multilingual", "multilingual-v2"])
def test_a_directory_decides_about_the_model(
    there: ChatterboxModel, machine: Callable[[Machine], None],
    checkpoint: Callable[[ChatterboxModel], Path],
) -> None:  # fmt: skip
    machine(Machine())
    directory = checkpoint(there)
    chosen, choice = decide(auto(checkpoint=directory))
    assert chosen.model == there
    assert there == "nano" or choice.reason == f"{directory} holds this model"


def test_a_directory_of_nothing_is_refused_by_name(
    tmp_path: Path, machine: Callable[[Machine], None]
) -> None:
    machine(Machine())
    assert decide(auto(checkpoint=tmp_path))[0].model == "nano"
    assert decide(auto(checkpoint=tmp_path / "gone"))[0].model == "nano"


def test_what_was_chosen_is_told_by_the_engine(
    checkpoint: Callable[[ChatterboxModel], Path], machine: Callable[[Machine], None]
) -> None:
    machine(Machine(cores=2, languages=frozenset({"de"})))
    tiny = spec("english", checkpoint("nano"), device="auto", auto_model=True)
    engine: Any = open_engine(tiny)
    try:
        assert (engine.info.model, engine.info.device) == ("nano", "cpu")
        assert "Nano is made for processors (2 cores)" in engine.info.reason
        assert engine.info.notes[0].startswith("Nano speaks English only. German takes a GPU")
    finally:
        engine.close()
