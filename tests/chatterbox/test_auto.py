"""`model = "auto"`: what a machine has, read by torch, and the model that is loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy
import pytest

from bot.speech.choice import MULTILINGUAL, Card, Machine
from bot.speech.engines import machine as machines
from bot.speech.engines.machine import read_cards, read_machine
from bot.speech.engines.select import decide, open_engine
from bot.speech.types import ChatterboxModel, EngineSpec
from tests.chatterbox.conftest import spec

GB = 10**9


def number_of(device: str) -> int:
    return int(device.partition(":")[2])


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
        return int((self.free[number_of(device)] or 0) * GB), 80 * GB

    def memory_reserved(self, _device: str) -> int:
        return 0

    memory_allocated = memory_reserved


def torch_with(*free: float | None, without_kernels: tuple[int, ...] = ()) -> tuple[Any, Cuda]:
    cuda = Cuda(*free)

    def ones(count: int, *, device: str) -> Any:
        if free[number_of(device)] is None:
            raise RuntimeError("CUDA error: all devices are busy\nand more")
        if number_of(device) in without_kernels:
            raise RuntimeError("CUDA error: no kernel image is available\nand more")
        return numpy.ones(count)

    return SimpleNamespace(cuda=cuda, ones=ones), cuda


def cards(
    *free: float | None, device: str = "auto", without_kernels: tuple[int, ...] = ()
) -> tuple[tuple[Card, ...], Cuda]:
    torch, cuda = torch_with(*free, without_kernels=without_kernels)
    return read_cards(torch, device), cuda


def test_cards_are_read_up_to_one_with_room_for_everything() -> None:
    found, cuda = cards(1, 24, 80)
    assert found == (Card("cuda:0", "Card 0", GB), Card("cuda:1", "Card 1", 24 * GB))
    assert cuda.asked == ["cuda:0", "cuda:1"]


def test_a_card_that_cannot_be_used_is_none() -> None:
    assert cards(None, 24)[0] == (Card("cuda:1", "Card 1", 24 * GB),)
    assert cards(None)[0] == ()


@pytest.mark.parametrize(
    ("device", "read"),
    [
        ("cuda:1", ["cuda:1"]),
        ("cuda:2", ["cuda:2"]),
        ("cuda:0", ["cuda:0"]),
        ("cuda", ["cuda:0"]),
        ("cuda:7", []),
        ("cpu", []),
        ("mps", []),
    ],
)
def test_only_the_card_that_the_configuration_names_is_read(device: str, read: list[str]) -> None:
    found, cuda = cards(80, 24, 40, device=device)
    assert [card.device for card in found] == read == cuda.asked


def test_a_named_card_that_is_free_gets_the_model_that_it_has_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch, _ = torch_with(80, 80)
    torch.backends = SimpleNamespace(mps=SimpleNamespace(is_available=lambda: False))
    monkeypatch.setattr(machines, "import_package", lambda _name: torch)
    monkeypatch.setattr(machines, "available_memory", lambda: 64 * GB)
    chosen, _ = decide(auto(device="cuda:1", languages=("de",)))
    assert (chosen.model, chosen.device) == ("multilingual", "cuda:1")


def test_a_card_that_torch_has_no_kernels_for_is_passed_over() -> None:
    found, _ = cards(80, 24, without_kernels=(0,))
    assert [card.device for card in found] == ["cuda:1"]
    assert cards(80, device="cuda:0", without_kernels=(0,))[0] == ()


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
        monkeypatch.setattr(machines, "read_machine", lambda *_wanted: made_up)

    return pretend


BIG = Machine((Card("cuda:0", "", 24 * GB),), host_bytes=64 * GB, languages=frozenset({"de"}))


def auto(**changes: Any) -> EngineSpec:
    return EngineSpec("chatterbox", auto_model=True, **changes)


def test_the_choice_becomes_model_and_device(machine: Callable[[Machine], None]) -> None:
    machine(BIG)
    chosen, choice = decide(auto())
    assert (chosen.model, chosen.device, chosen.auto_model) == ("multilingual", "cuda:0", False)
    assert choice.model == MULTILINGUAL.name


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
