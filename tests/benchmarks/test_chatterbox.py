"""The arithmetic of the Chatterbox benchmark; the measuring itself needs torch."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.chatterbox.floor import bytes_per_token, cache_bytes, distance
from benchmarks.chatterbox.report import compared, file_name, goals, lines

STOCK_TEXT = {"first_packet_seconds": 12.0, "total_seconds": 12.0, "speech_seconds": 13.4}
OWN_TEXT = {"first_packet_seconds": 0.4, "total_seconds": 6.0, "speech_seconds": 13.4}
RATES = {"stock": 30.0, "own alone": 180.0, "own, batch of 4": 480.0, "own, batch of 8": 800.0}


def result(kind: str, size: str = "full", **changes: Any) -> dict[str, Any]:
    texts = {"stock": STOCK_TEXT, "mynah": OWN_TEXT}
    return {
        "size": size,
        "device": {"kind": kind, "name": "a device"},
        "precision": {"stock": "float32", "own": "bfloat16"},
        "slots": 8,
        "three_sentences": texts,
        "tokens_per_second": RATES,
        **compared(texts, RATES),
        "memory_floor": distance(1_000_000_000, 1e12, 0.002),
        "at_once": {
            "different lengths": {
                "first_packet_seconds": 0.9,
                "total_seconds": 2.0,
                "speech_seconds": 43.0,
                "times_real_time": 21.5,
            }
        },
        **changes,
    }


def missed(figures: dict[str, Any]) -> list[str]:
    return [goal["name"] for goal in goals(figures) if not goal["met"]]


def test_mynah_is_compared_with_stock() -> None:
    assert compared({"stock": STOCK_TEXT, "mynah": OWN_TEXT}, RATES) == {
        "first_packet_times_sooner": 30.0,
        "alone_times_faster": 6.0,
        "batch_of_4_times_faster": 16.0,
    }


@pytest.mark.parametrize(("kind", "count"), [("cpu", 2), ("cuda", 3), ("mps", 0)])
def test_goals_are_those_of_the_device(kind: str, count: int) -> None:
    assert len(goals(result(kind))) == count
    assert missed(result(kind)) == []


def test_nothing_is_asked_of_the_tiny_model() -> None:
    assert goals(result("cpu", "tiny")) == goals(result("cuda", "tiny")) == []


@pytest.mark.parametrize(
    ("kind", "changes", "name"),
    [
        ("cpu", {"first_packet_times_sooner": 2.99}, "first packet sooner than stock's, times"),
        (
            "cpu",
            {"batch_of_4_times_faster": 1.79},
            "tokens a second in a batch of 4, times stock's",
        ),
        ("cuda", {"alone_times_faster": 4.99}, "tokens a second alone, times stock's"),
        (
            "cuda",
            {"three_sentences": {"mynah": {"first_packet_seconds": 0.51}}},
            "first packet, seconds",
        ),
        (
            "cuda",
            {"at_once": {"different lengths": {"times_real_time": 19.9}}},
            "eight sentences at once, times real time",
        ),
    ],
)
def test_a_goal_that_is_missed_is_told(kind: str, changes: dict[str, Any], name: str) -> None:
    assert missed(result(kind, **changes)) == [name]


def test_sizes_and_devices_have_a_file_each() -> None:
    assert file_name(result("cpu", "tiny")) == "chatterbox-tiny-cpu.json"
    assert file_name(result("cuda")) == "chatterbox-full-cuda.json"


def test_the_floor_is_what_a_token_reads_at_the_speed_of_the_memory() -> None:
    assert distance(1_020_000_000, 3.35e12, 0.0009) == {
        "bytes_per_token": 1_020_000_000,
        "bytes_per_second": 3_350_000_000_000,
        "floor_ms": 0.3045,
        "measured_ms": 0.9,
        "times_the_floor": 2.96,
    }


def test_keys_and_values_are_read_of_every_layer_and_row() -> None:
    assert cache_bytes(layers=30, rows=2, positions=150.5, width=1024, number_bytes=2) == (
        2 * 30 * 2 * 301 * 1024
    )


@dataclass
class Weight:
    nbytes: int

    def element_size(self) -> int:
        return 2


@pytest.mark.parametrize(("is_gpt", "rows"), [(False, 2), (True, 1)])
def test_a_token_reads_the_weights_but_not_the_embeddings(is_gpt: bool, rows: int) -> None:
    weights = {"layers.0.mlp": 100, "norm": 10, "embed_tokens.weight": 5000, "wpe.weight": 7000}
    transformer = SimpleNamespace(
        named_parameters=lambda: [(name, Weight(size)) for name, size in weights.items()]
    )
    t3 = SimpleNamespace(
        tfmr=transformer,
        speech_head=SimpleNamespace(parameters=lambda: [Weight(20)]),
        is_gpt=is_gpt,
        cfg=SimpleNamespace(num_hidden_layers=1, hidden_size=4),
    )
    assert bytes_per_token(t3, positions=3) == 130 + cache_bytes(1, rows, 3, 4, 2)


def test_people_are_told_everything() -> None:
    told = "\n".join(lines(result("cuda")))
    for part in ("a device", "0.40 s", "180.0", "2.0 times the floor", "21.50 times real time"):
        assert part in told


def test_the_arithmetic_needs_no_torch() -> None:
    code = "import sys, benchmarks.chatterbox.__main__; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
