"""What the benchmarks of Ray make of what they measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import __main__ as program
from benchmarks.doubles.paced_engine import open_paced
from benchmarks.ray import described
from bot.speech.types import EngineSpec, Speech
from tests.pool.simulated import request


def test_a_slow_tail_misses_the_goal_of_p95_alone() -> None:
    quick, slow_tail = [0.001] * 100, [0.002] * 90 + [0.1] * 10
    taken = {"local, empty": quick, "ray, empty": quick, "local, sentence": quick,
             "ray, sentence": slow_tail, "ray, first bytes of a sentence": quick}  # fmt: skip
    missed = [goal["name"] for goal in described(taken)["goals"] if not goal["met"]]
    assert missed == ["added until it is here, sentence, p95, ms"]


@pytest.mark.parametrize("installed", [True, False])
def test_benchmarks_of_ray_are_there_where_it_is(
    installed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Distribution:
        name = "ray" if installed else "numpy"

    monkeypatch.setattr(program, "distributions", lambda: [Distribution()])
    assert ({"ray", "ray_processes"} & set(program.names()) != set()) == installed


def test_the_paced_engine_speaks_in_its_slots_and_notes_for_whom(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    engine = open_paced(0.01, notes, EngineSpec())
    for ticket in range(3):
        engine.submit(ticket, request("text"))
    engine.withdraw(1)
    done = []
    while engine.busy:
        done += engine.advance(1.0)
    assert [ticket for ticket, _ in done] == [0, 2]
    assert all(isinstance(speech, Speech) for _, speech in done)
    assert len(notes.read_text().splitlines()) == 2
