"""Which engine and model `auto` takes on machines that were made up."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.installation import command
from bot.languages import LANGUAGES
from bot.speech.choice import Card, Choice, Machine, choose
from bot.speech.models import MODELS

GB = 10**9
NOTHING = Machine(cores=8, host_bytes=16 * GB)


def machine(*free: float, languages: str = "", **changes: object) -> Machine:
    """Cards with so many free gigabytes, and voices in these languages."""
    cards = tuple(Card(f"cuda:{n}", "RTX", int(size * GB)) for n, size in enumerate(free))
    spoken = frozenset(languages.split())
    return dataclasses.replace(NOTHING, cards=cards, languages=spoken, **changes)  # type: ignore[arg-type]


def taken(choice: Choice) -> tuple[str | None, str]:
    return choice.model or choice.kind, choice.device


@pytest.mark.parametrize(
    ("made_up", "expected"),
    [
        # a card with memory for it
        (machine(24), ("english", "cuda:0")),
        (machine(24, languages="en"), ("english", "cuda:0")),
        (machine(24, languages="en de"), ("multilingual", "cuda:0")),
        (machine(24, languages="zh"), ("multilingual", "cuda:0")),
        (machine(4), ("english", "cuda:0")),
        (machine(4, languages="fr"), ("multilingual", "cuda:0")),
        # the second card, where the first is full or small
        (machine(1, 24), ("english", "cuda:1")),
        (machine(2, 24, languages="ja"), ("multilingual", "cuda:1")),
        # a card for English only
        (machine(3.85, languages="de"), ("english", "cuda:0")),
        # a card that is too small for more than Nano, and for anything
        (machine(3), ("nano", "cuda:0")),
        (machine(1), ("nano", "cpu")),
        (machine(0, languages="de"), ("nano", "cpu")),
        # no card
        (machine(), ("nano", "cpu")),
        (machine(languages="de fr"), ("nano", "cpu")),
        (machine(cores=1, host_bytes=GB), ("nano", "cpu")),
        # too little main memory to bring a model to the card
        (machine(24, host_bytes=2 * GB), ("nano", "cuda:0")),
        (machine(24, host_bytes=GB), ("nano", "cpu")),
        # Apple's GPU has the main memory
        (machine(mps=True), ("english", "mps")),
        (machine(mps=True, languages="ko"), ("multilingual", "mps")),
        (machine(mps=True, host_bytes=3 * GB), ("nano", "mps")),
        # Chatterbox is not there
        (machine(24, chatterbox=False), ("piper", "cpu")),
        (machine(chatterbox=False), ("piper", "cpu")),
    ],
)
def test_what_is_taken(made_up: Machine, expected: tuple[str, str]) -> None:
    assert taken(choose(made_up)) == expected


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        ("cpu", ("nano", "cpu")),
        ("cuda", ("nano", "cuda")),
        ("cuda:0", ("nano", "cuda:0")),
        ("cuda:1", ("english", "cuda:1")),
        ("auto", ("english", "cuda:1")),
    ],
)
def test_a_device_that_the_configuration_names_is_kept(
    device: str, expected: tuple[str, str]
) -> None:
    assert taken(choose(machine(3, 24), device)) == expected


@pytest.mark.parametrize("device", ["mps", "cuda:0", "cuda:7"])
def test_a_device_that_cannot_be_used_is_left_for_loading_to_refuse(device: str) -> None:
    assert choose(machine(1, 24), device).device == device


def test_it_says_why_a_card_was_taken() -> None:
    choice = choose(machine(24, languages="de fr"))
    assert choice.reason == (
        "RTX (cuda:0) has 24.0 GB of free memory and the model needs 3.9 GB, and voices speak "
        "German and French"
    )
    assert choice.more == ""


def test_it_says_what_another_language_takes() -> None:
    choice = choose(machine(24))
    assert "no voice needs another language" in choice.reason
    assert 'mark voices with theirs, or set [engine] model = "multilingual"' in choice.more


def test_it_says_what_more_than_nano_takes() -> None:
    choice = choose(machine(languages="de"))
    assert "no GPU that torch can use, and Nano is made for processors (8 cores)" in choice.reason
    assert choice.more.startswith("Nano speaks English only. German takes a GPU with 3.9 GB")
    assert '[engine] model = "multilingual" speaks it on the processor' in choice.more


@pytest.mark.parametrize(
    ("device", "told"),
    [
        ("cpu", "the configuration asks for cpu, and Nano is made for processors (8 cores)"),
        ("cuda:7", "torch cannot use cuda:7, which the configuration asks for"),
        ("mps", "torch cannot use mps, which the configuration asks for"),
    ],
)
def test_it_says_that_the_configuration_named_the_device(device: str, told: str) -> None:
    # No other card is read then, so none is known of.
    assert choose(machine(), device).reason == told


@pytest.mark.parametrize("languages", ["", "de"])
def test_it_says_that_main_memory_is_what_lacks(languages: str) -> None:
    choice = choose(machine(40, host_bytes=2 * GB, languages=languages))
    assert taken(choice) == ("nano", "cuda:0")
    assert choice.reason == (
        "RTX (cuda:0) has room for the english model, but bringing it there takes 2.7 GB of main "
        "memory, of which 2.0 GB are free"
    )
    assert "of main memory while the model is loaded" in choice.more


def test_it_says_that_main_memory_lacks_for_any_model_on_a_gpu() -> None:
    choice = choose(machine(40, host_bytes=GB))
    assert taken(choice) == ("nano", "cpu")
    assert choice.reason.startswith("RTX (cuda:0) has room for the nano model, but bringing it")
    assert choice.reason.endswith("of which 1.0 GB are free, and Nano runs on 8 cores")


def test_the_card_that_has_room_is_named_where_nano_goes_to_another() -> None:
    choice = choose(machine(3, 40, host_bytes=2 * GB))
    assert taken(choice) == ("nano", "cuda:0")
    assert choice.reason.startswith("RTX (cuda:1) has room for the english model, but")


def test_it_says_that_nano_itself_has_too_little_memory() -> None:
    told = "Nano itself takes 2.7 GB of main memory, of which 1.0 GB are free. Better speech"
    assert choose(machine(host_bytes=GB)).more.startswith(told)


def test_it_says_how_full_the_cards_are() -> None:
    assert "cuda:0: 1.0 GB free, cuda:1: 2.0 GB free" in choose(machine(1, 2)).reason


def test_it_says_what_the_language_lacks_on_a_card_for_english() -> None:
    assert choose(machine(3.85, languages="de")).more.startswith("German needs the multilingual")


def test_it_says_how_to_have_more_than_piper() -> None:
    choice = choose(machine(chatterbox=False))
    assert choice.reason == "Chatterbox, which clones voices, is not installed"
    assert command("chatterbox") in choice.more


def test_many_languages_are_not_all_named() -> None:
    reason = choose(machine(24, languages=" ".join(LANGUAGES))).reason
    assert reason.endswith("voices speak Arabic, Danish, German, Greek and others")


cards = st.lists(st.integers(0, 40 * GB), max_size=4)


@given(
    cards,
    st.booleans(),
    st.integers(0, 64 * GB),
    st.sets(st.sampled_from([*LANGUAGES, "xx"])),
    st.sampled_from(["auto", "cpu", "cuda", "cuda:1"]),
)
def test_whatever_is_taken_fits(
    free: list[int], mps: bool, host: int, languages: set[str], device: str
) -> None:
    made_up = Machine(
        tuple(Card(f"cuda:{n}", "", size) for n, size in enumerate(free)),
        mps=mps, host_bytes=host, languages=frozenset(languages),
    )  # fmt: skip
    choice = choose(made_up, device)
    assert choice.model in ("english", "multilingual", "nano")
    assert choice.reason
    model = MODELS[choice.model]
    if choice.device.startswith("cuda") and choice.model != "nano":
        card = int(choice.device.partition(":")[2] or 0)
        assert free[card] >= model.card_bytes
        assert host >= model.loading_bytes
    if choice.model == "multilingual":
        assert languages & {*LANGUAGES} - {"en"}
    if choice.model == "nano":
        assert choice.more
