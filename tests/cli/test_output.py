"""What the commands show while they work."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from bot.cli import output
from bot.speech.load_progress import LoadProgress


@pytest.mark.parametrize(("terminal", "shown"), [(True, [0, 1, 2, 10]), (False, [0, 10])])
def test_a_download_takes_a_line_for_a_tenth_except_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, shown: list[int]
) -> None:
    console = Console(file=io.StringIO(), force_terminal=terminal)
    monkeypatch.setattr(output, "stderr", lambda: console)
    lines: list[str] = []
    tell = output.show_loading(lambda description, _completed: lines.append(description))
    for percent in (0, 1, 2, 10):
        tell(LoadProgress("english", percent * 1_000_000, 100_000_000, 0, 1))
    expected = [f"Downloading the english model: {done}.0 of 100.0 MB ..." for done in shown]
    assert lines == expected
    tell(LoadProgress("english", 100_000_000, 100_000_000, 1, 1))
    assert lines[-1] == output.LOADING


def test_a_file_named_like_markup_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    monkeypatch.setattr(output, "stderr", lambda: console)
    with output.progress_steps() as show:
        show("Reading [/b] [red].flac ...", 0)
    assert isinstance(console.file, io.StringIO)
    assert "Reading [/b] [red].flac ..." in console.file.getvalue()
