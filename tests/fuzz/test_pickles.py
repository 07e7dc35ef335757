"""That hostile pickles would be noticed if the loader ran them."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz import pickle_inputs, pickles

CALLS = len(pickle_inputs.calls(Path("marker")))


def test_a_loader_that_unpickles_is_found_out(tmp_path: Path) -> None:
    report = pickles.run(CALLS, 7, tmp_path, "tests.fuzz.trusting_loader")
    found = " ".join(failure.what for failure in report.failures)
    for what in (
        "pickle.find_class",
        "os.mkdir",
        "exec (<code",
        "open (",
        "a pickle was run",
    ):
        assert what in found


def test_a_child_that_dies_is_told_with_its_case(tmp_path: Path) -> None:
    report = pickles.run(3, 7, tmp_path, "tests.fuzz.no_such_child")
    assert len(report.failures) == 3
    assert "died or hung (exit code 1)" in report.failures[0].what
    assert report.failures[0].reproduce.endswith("--first=0")
