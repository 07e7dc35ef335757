"""docs/operations.md and SECURITY.md: what they point at is there, what they state is tested."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from bot.speech.models import MODELS
from tests.deploy.test_services import MOST_EXPOSED
from tools.release.version import DISTRIBUTION

ROOT = Path(__file__).parents[2]
OPERATIONS, SECURITY = ROOT / "docs" / "operations.md", ROOT / "SECURITY.md"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NEWEST = "main"
"""The revision of a model whose commit is not known."""


def anchors(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


@pytest.mark.parametrize("page", [OPERATIONS, SECURITY], ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    assert len(links) > 4
    for link in links:
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_exposure_of_both_units_is_stated() -> None:
    text = OPERATIONS.read_text(encoding="utf-8")
    assert f"says {MOST_EXPOSED['mynah.service']} of 10" in text
    assert f"({MOST_EXPOSED['mynah-user.service']} of 10)" in text


def test_extras_are_those_of_the_distribution() -> None:
    text = OPERATIONS.read_text(encoding="utf-8")
    assert PROJECT["name"] == DISTRIBUTION
    named = {extra for list_ in re.findall(rf"{DISTRIBUTION}\[([\w,]+)\]", text)
             for extra in list_.split(",")}  # fmt: skip
    told = set(re.findall(r"^\| `([\w-]+)` \|", text, re.MULTILINE))
    assert named <= told == set(PROJECT["optional-dependencies"]) - {"dev"}


def test_the_models_whose_commit_is_not_known_are_named() -> None:
    unknown = {model.name.removeprefix("multilingual:") for model in MODELS.values()
               for source in model.sources if source.revision == NEWEST}  # fmt: skip
    sentence = re.search(r"Of three finetunes \((.+?)\)", SECURITY.read_text(encoding="utf-8"))
    assert sentence is not None
    assert set(re.findall(r"[\w-]+", sentence[1].replace("multilingual:", ""))) == unknown
    assert all(
        source.revision == NEWEST or re.fullmatch("[0-9a-f]{40}", source.revision)
        for model in MODELS.values()
        for source in model.sources
    )
