"""What docs/scale.md says of the simulation is what the stored run says."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks import scale
from benchmarks.simulation import tables
from benchmarks.simulation.card import CardCosts
from benchmarks.simulation.load import Load
from benchmarks.simulation.world import Case, simulate

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "scale.md").read_text()
STORED: dict[str, Any] = json.loads(tables.RESULT.read_text())["result"]


def in_words() -> str:
    """The page as one line."""
    return re.sub(r"\s+", " ", PAGE)


def test_the_tables_are_those_of_the_stored_run() -> None:
    lines = PAGE.splitlines()
    for row in (*tables.first_sounds(STORED["cases"]), *tables.decisions(STORED["decisions"])):
        assert row in lines, "python -m benchmarks.simulation.tables writes them"


def test_what_is_enough_is_computed_from_the_stored_run() -> None:
    assert f"nothing refused: {tables.enough(scale.enough(STORED['cases']))}." in in_words()


def test_what_one_gpu_carries_and_how_fair_it_is_are_of_the_stored_run() -> None:
    overload = STORED["overload"]
    assert f"carries about {overload['speaking_at_a_time']:.0f} servers" in in_words()
    assert f"Jain's index is {overload['jain_of_busy_servers']:.3f} for 20 of them" in in_words()


def test_where_it_is_not_fair_is_said_too() -> None:
    least = min(case["jain_of_busy_servers"] for case in STORED["cases"])
    assert f"it is down to {least:.2f}: they last" in in_words()


def test_how_many_speak_at_a_time_is_of_the_stored_run() -> None:
    (case,) = (each for each in STORED["cases"] if (each["servers"], each["cards"]) == (3_000, 16))
    share = case["speaking_at_a_time"] / case["servers"]
    assert f"about {share:.1%} of the servers speak at a time" in in_words()


def test_every_size_that_was_asked_for_is_in_the_stored_run() -> None:
    sizes = [(case["servers"], case["cards"]) for case in STORED["cases"]]
    assert sizes == [(servers, cards) for servers in scale.SECONDS for cards in scale.CARDS]


@pytest.mark.parametrize("size", [(100, 1), (300, 8)])
def test_the_stored_run_comes_out_of_the_code_as_it_is(size: tuple[int, int]) -> None:
    (stored,) = (each for each in STORED["cases"] if (each["servers"], each["cards"]) == size)
    made = simulate(Case(*size, stored["simulated_seconds"]))
    for figure in ("texts", "speaking_at_a_time", "utilisation", "voice_hits"):
        assert made[figure] == pytest.approx(stored[figure], rel=0.05), figure
    assert made["first_sound_seconds"] == pytest.approx(stored["first_sound_seconds"], rel=0.05)


def measured(name: str) -> dict[str, Any]:
    stored = json.loads((tables.RESULT.parent / f"{name}.json").read_text())
    result: dict[str, Any] = stored["result"]
    return result


def test_what_a_gpu_is_assumed_to_take_was_measured() -> None:
    rates = measured("chatterbox-full-cuda")["tokens_per_second"]
    alone, *batches = CardCosts().step_seconds
    assert alone == (1, 1 / rates["own alone"])
    assert batches == [(n, n / rates[f"own, batch of {n}"]) for n in (4, 8)]
    vocoder = measured("chatterbox-vocoder-cuda")["vocoder_ms"]
    last = [
        (int(tokens.split()[0]), round(each["graphs"]["all"] / 1000, 6))
        for tokens, each in vocoder.items()
    ]
    assert CardCosts().last_stage_seconds == tuple(last)


@pytest.mark.parametrize(("stored", "now"), [("load", Load()), ("costs", CardCosts())])
def test_the_stored_run_was_made_with_what_is_assumed_now(
    stored: str, now: Load | CardCosts
) -> None:
    assert STORED[stored] == json.loads(json.dumps(dataclasses.asdict(now)))


def test_what_is_assumed_is_said() -> None:
    costs, load = CardCosts(), Load()
    steps = [f"{1000 * seconds:.1f}" for _, seconds in costs.step_seconds]
    last = [seconds for _, seconds in costs.last_stage_seconds]
    for told in (
        f"takes {', '.join(steps[:-1])} and {steps[-1]} ms with 1, 4 and 8 sentences",
        f"one sentence after another, {last[0]:.2f} to {last[-1]:.2f} s",
        f"watermark and Opus {costs.finish_seconds} s",
        f"Preparing a voice takes {costs.prepare_seconds} s",
        f"{costs.voices} prepared voices",
        f"{load.speakers} of its {load.members} members say {load.texts:.0f} texts in all, one "
        f"every {load.gap_seconds:.0f} s",
        f"One of {load.one_busy_of} servers",
        f"{load.sentences} sentences of {load.letters:.0f} letters",
    ):
        assert told in in_words()
