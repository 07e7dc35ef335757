"""The version stands in one place, and a tag fits it and the changelog."""

from __future__ import annotations

import pytest

import bot
from tools.release.version import notes, refusal, version

CHANGELOG = (
    "# Changelog\n\n## Unreleased\n\n## 1.2.0 (2026-11-27)\n\n- New.\n\n## 1.1.0\n\n- Old.\n"
)


def test_there_is_one_version() -> None:
    assert version() == bot.__version__


@pytest.mark.parametrize(
    ("tag", "of", "said"),
    [
        ("v1.2.0", "1.2.0", None),
        ("v1.1.0", "1.1.0", None),
        ("1.2.0", "1.2.0", "The tag is 1.2.0, and bot/__init__.py says 1.2.0."),
        ("v1.2.1", "1.2.0", "The tag is v1.2.1, and bot/__init__.py says 1.2.0."),
        ("v1.3.0", "1.3.0", "CHANGELOG.md has no section ## 1.3.0."),
        ("v1.2", "1.2", "CHANGELOG.md has no section ## 1.2."),
    ],
)
def test_a_tag_is_released_if_it_fits(tag: str, of: str, said: str | None) -> None:
    assert refusal(tag, of, CHANGELOG) == said


def test_the_notes_of_a_version_are_its_section() -> None:
    assert notes("1.2.0", CHANGELOG) == "- New."
