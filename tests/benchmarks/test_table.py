"""The rows of the Chatterbox benchmark: goals, computed figures, what people are told."""

from __future__ import annotations

from typing import Any

from benchmarks.chatterbox.table import LONG, ROWS, THREE, by_cores, table_goals, table_lines


def text(first: float, total: float) -> dict[str, Any]:
    return {
        "first_packet_seconds": first,
        "total_seconds": total,
        "speech_seconds": 10.0,
        "real_time_factor": total / 10,
        "spent_seconds": {"decode": 1.5, "vocode": 2.5},
    }


def row(first: float, total: float, threads: int = 2, **rates: float) -> dict[str, Any]:
    return {
        "threads": threads,
        "texts": {THREE: text(first, total), LONG: text(first, 3 * total)},
        "tokens_per_second": rates,
        "memory_bytes": 4_000_000_000,
        "peak_memory_bytes": 5_000_000_000,
    }


def rows() -> dict[str, Any]:
    return {
        "stock english": row(150.0, 150.0, stock=3.0),
        "own english": row(20.0, 90.0, **{"own alone": 7.0, "own, batch of 4": 14.0}),
        "stock nano": row(18.0, 18.0, stock=30.0),
        "own nano": row(1.2, 8.0, **{"own alone": 40.0, "own, batch of 4": 90.0}),
        "own nano, 1 core": row(2.0, 12.0, 1, **{"own alone": 25.0, "own, batch of 4": 50.0}),
    }


def test_goals_of_full_size_are_met() -> None:
    goals = table_goals(rows(), size="full")
    assert [goal["measured"] for goal in goals] == [0.6, 7.5, 2.333, 0.8, 1.2, 0.444]
    assert all(goal["met"] for goal in goals)


def test_a_goal_that_is_missed_is_told() -> None:
    slow = rows() | {"own english": row(26.0, 106.0, **{"own alone": 5.9})}
    assert [goal["met"] for goal in table_goals(slow, size="full")][:3] == [False] * 3


def test_nothing_is_asked_of_tiny_weights_nor_of_rows_that_are_not_there() -> None:
    assert table_goals(rows(), size="tiny") == []
    assert table_goals({"own english": rows()["own english"]}, size="full") == []


def test_the_factor_with_more_cores_is_computed_and_said_to_be() -> None:
    factors = by_cores(rows())
    assert factors["measured"] == {1: 1.2, 2: 0.8}
    assert factors["computed"] == {4: 0.6, 8: 0.5}
    assert "computed by Amdahl's law, not measured" in "\n".join(table_lines(rows()))


def test_people_are_told_every_row() -> None:
    told = "\n".join(table_lines(rows()))
    assert all(name in told for name in rows())
    assert set(rows()) <= set(ROWS)


def test_people_are_told_what_the_time_is_made_of() -> None:
    told = "\n".join(table_lines({"own nano": rows()["own nano"]}))
    assert "2.5 of 8.0 s in S3Gen and HiFT, which take turns with the decoding: 5.5" in told
