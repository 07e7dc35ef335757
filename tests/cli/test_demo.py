"""`mynah demo` before it begins; tests/e2e has the rest."""

from __future__ import annotations

import pytest

from bot.cli import demo
from tests.cli.conftest import Mynah


def test_what_the_demo_needs_is_named_with_what_brings_it(
    mynah: Mynah, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "NEEDED", ("json", "a_discord_of_ones_own", "another"))
    outcome = mynah("demo")
    assert outcome.code == 2
    assert outcome.err.splitlines() == [
        "error: The demo needs a_discord_of_ones_own, another, which are not installed: "
        'pip install "mynah-bot[demo]"'
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--sample", "nowhere.wav"], "there is no file nowhere.wav; name a recording"),
        (["--text", "a" * 601], "the text has 601 characters; /say takes 600"),
    ],
)
def test_what_the_demo_cannot_do_is_said_before_anything_starts(
    mynah: Mynah, words: list[str], said: str
) -> None:
    outcome = mynah("demo", *words)
    assert (outcome.code, outcome.out) == (1, "")
    assert f"The demo failed: {said}" in outcome.err
