"""How long a recording has to be for an engine."""

from __future__ import annotations

import pytest

from bot.clip_need import ClipNeed
from bot.speech.clip_needs import clip_need, clip_need_of
from bot.speech.models import MODELS
from bot.speech.types import EngineInfo, EngineKind


@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_the_need_that_its_engine_holds(name: str) -> None:
    need = clip_need("chatterbox", name)
    assert need.certain
    assert need.more_than_seconds == next(
        model.min_reference_seconds for model in MODELS.values() if model.name == name
    )
    info = EngineInfo("chatterbox", name, "cpu", True, "it is installed", 0.1)
    assert clip_need_of(info) == need


@pytest.mark.parametrize(("kind", "model"), [("piper", None), ("piper", "nano"), (None, "nano")])
def test_what_is_no_chatterbox_takes_any(kind: EngineKind | None, model: str | None) -> None:
    need = clip_need(kind, model)
    assert not need.lacks(0.1)
    assert need.certain


def test_before_auto_has_decided_nothing_is_certain_and_nothing_refused() -> None:
    need = clip_need("chatterbox", None)
    assert not need.certain
    assert need.more_than_seconds == max(m.min_reference_seconds for m in MODELS.values())
    assert (need.lacks(5.0), need.lacks(5.01), need.refuses(5.0)) == (True, False, False)
    assert clip_need_of(None) == ClipNeed()


def test_a_clip_of_exactly_so_long_is_refused_as_the_engine_does() -> None:
    need = clip_need("chatterbox", "nano")
    assert (need.refuses(5.0), need.refuses(5.01)) == (True, False)
