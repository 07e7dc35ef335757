"""`model = "auto"`: what a machine has, read by torch, and the model that is loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy
import pytest

from bot.errors import EngineDeadError
from bot.speech.choice import MULTILINGUAL, Card, Machine
from bot.speech.engines import machine as machines
from bot.speech.engines.chatterbox.files import find_checkpoint
from bot.speech.engines.machine import read_cards, read_machine
from bot.speech.engines.select import decide, open_engine
from bot.speech.models import MODELS
from bot.speech.types import ChatterboxModel, EngineSpec
from tests.chatterbox.conftest import spec
from tests.chatterbox.test_files import write_empty

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
    assert (chosen.model, chosen.device) == (there, "cpu")
    assert there == "nano" or choice.reason == (
        f"{directory} holds this model, and there is no GPU that torch can use"
    )


def test_a_directory_of_nothing_is_refused_by_name(
    tmp_path: Path, machine: Callable[[Machine], None]
) -> None:
    machine(Machine())
    assert decide(auto(checkpoint=tmp_path))[0].model == "nano"
    assert decide(auto(checkpoint=tmp_path / "gone"))[0].model == "nano"


def cards_of(*free: float) -> tuple[Card, ...]:
    return tuple(Card(f"cuda:{n}", "", int(size * GB)) for n, size in enumerate(free))


@pytest.mark.parametrize(
    ("there", "made_up", "device", "expected", "told"),
    [
        ("english", cards_of(1), "auto", "cpu", "no GPU has room for the english model (cuda:0"),
        ("turbo", cards_of(1, 24), "auto", "cuda:1", "cuda:1 has 24.0 GB of free memory"),
        ("turbo", cards_of(24), "auto", "cuda:0", "the model needs"),
        ("turbo", cards_of(1, 24), "cuda:0", "cuda:0", "the configuration asks for cuda:0"),
        ("multilingual-v2", (), "cpu", "cpu", "the configuration asks for cpu"),
    ],
)
def test_the_model_of_a_directory_goes_where_there_is_memory_for_it(
    there: ChatterboxModel, made_up: tuple[Card, ...], device: str, expected: str, told: str,
    machine: Callable[[Machine], None], tmp_path: Path,
) -> None:  # fmt: skip
    write_empty(tmp_path, *MODELS[there].files)
    machine(Machine(made_up, host_bytes=64 * GB))
    chosen, choice = decide(auto(checkpoint=tmp_path, device=device))
    assert (chosen.model, chosen.device) == (there, expected)
    assert told in choice.reason


def test_of_several_models_in_a_directory_one_that_a_gpu_has_memory_for_is_taken(
    machine: Callable[[Machine], None], tmp_path: Path
) -> None:
    write_empty(tmp_path, *MODELS["english"].files, *MODELS["turbo"].files)
    turbo = MODELS["turbo"].card_bytes / GB
    machine(Machine(cards_of(turbo), host_bytes=64 * GB))
    assert MODELS["english"].card_bytes / GB > turbo
    assert decide(auto(checkpoint=tmp_path))[0].model == "turbo"


OTHER_NAME = ("ve.pt", "grapheme_mtl_merged_expanded_v1.json", "s3gen_v3.safetensors")


@pytest.mark.parametrize(
    "unknown",
    [
        ("t3_ptbr_v2.safetensors",),
        ("t3.safetensors",),
        ("t3_a.safetensors", "t3_b.safetensors"),
        # a finetune's T3 beside one that is known, but of a model that is not complete
        ("t3_ptbr_v2.safetensors", MODELS["english"].t3),
    ],
)
def test_a_t3_whose_name_does_not_tell_the_model_is_not_guessed(
    unknown: tuple[str, ...], machine: Callable[[Machine], None], tmp_path: Path
) -> None:
    write_empty(tmp_path, *OTHER_NAME, *unknown)
    machine(BIG)
    with pytest.raises(EngineDeadError, match=r"does not tell which model") as told:
        decide(auto(checkpoint=tmp_path))
    assert unknown[0] in str(told.value)
    assert 'Set [engine] model to the one that it is: "multilingual:zh-cmn" or' in str(told.value)


@pytest.mark.parametrize(
    "model", ["multilingual:zh-cmn", "multilingual:pt-br", "multilingual:hi", "multilingual:es-es"]
)
def test_a_finetune_is_known_by_its_name(
    model: ChatterboxModel, machine: Callable[[Machine], None], tmp_path: Path
) -> None:
    write_empty(tmp_path, *OTHER_NAME, MODELS[model].t3)
    machine(BIG)
    assert decide(auto(checkpoint=tmp_path))[0].model == model


def test_an_unknown_t3_beside_a_whole_model_does_not_matter(
    machine: Callable[[Machine], None], tmp_path: Path
) -> None:
    write_empty(tmp_path, *MODELS["turbo"].files, "t3_other.safetensors")
    machine(BIG)
    assert decide(auto(checkpoint=tmp_path))[0].model == "turbo"


@pytest.mark.parametrize("there", ["english", "multilingual:hi"])
def test_what_a_directory_lacks_is_told_of_the_model_that_it_has_a_t3_of(
    there: ChatterboxModel, machine: Callable[[Machine], None], tmp_path: Path
) -> None:
    write_empty(tmp_path, MODELS[there].t3)
    machine(BIG)
    chosen, _ = decide(auto(checkpoint=tmp_path))
    with pytest.raises(EngineDeadError, match=f"not a checkpoint of the {there} model: it has no"):
        find_checkpoint(tmp_path, chosen.model)


def test_what_was_chosen_is_told_by_the_engine(
    checkpoint: Callable[[ChatterboxModel], Path], machine: Callable[[Machine], None]
) -> None:
    machine(Machine(cores=2, host_bytes=8 * GB, languages=frozenset({"de"})))
    tiny = spec("english", checkpoint("nano"), device="auto", auto_model=True)
    engine: Any = open_engine(tiny)
    try:
        assert (engine.info.model, engine.info.device) == ("nano", "cpu")
        assert "Nano is made for processors (2 cores)" in engine.info.reason
        assert engine.info.notes[0].startswith("Nano speaks English only. German takes a GPU")
    finally:
        engine.close()
