"""The benchmark of how far a CPU's quicker numbers are from float32."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.chatterbox.differences import lines, measure


def test_agreement_and_distance_are_measured(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from bot.speech.engines.chatterbox.cpu import has_bf16

    if not has_bf16():
        pytest.skip("this processor has no bf16")
    result = measure("turbo", None, tmp_path, steps=40)
    assert set(result["token_agreement"]) == {"bf16", "int8"}
    for share in result["token_agreement"].values():
        assert 0.5 < share <= 1
    assert 0 < result["log_mel_decibels"] < 1
    assert len(lines(result)) == 4


def test_people_are_told_everything() -> None:
    told = "\n".join(
        lines(
            {
                "model": "nano",
                "size": "full",
                "steps": 1000,
                "token_agreement": {"bf16": 0.984, "int8": 0.963},
                "log_mel_decibels": 0.0363,
            }
        )
    )
    for part in ("nano, full", "bf16: 98.4% of 1000", "int8: 96.3%", "0.0363 dB"):
        assert part in told
