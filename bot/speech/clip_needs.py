"""How long a voice's recording has to be for an engine."""

from __future__ import annotations

from bot.clip_need import ClipNeed
from bot.speech.choice import NANO
from bot.speech.models import MODELS
from bot.speech.types import EngineInfo, EngineKind


def clip_need(kind: EngineKind | None, model: str | None) -> ClipNeed:
    """Return what an engine needs of a clip; nothing for another engine than Chatterbox.

    model: of Chatterbox; None where `auto` has not decided yet, so that it may be Nano, which needs
    as much as any.
    """
    if kind != "chatterbox":
        return ClipNeed()
    if model is None:
        return ClipNeed(NANO.min_reference_seconds, NANO.name, certain=False)
    found = next((each for each in MODELS.values() if each.name == model), None)
    return ClipNeed(found.min_reference_seconds, model) if found else ClipNeed()


def clip_need_of(engine: EngineInfo | None) -> ClipNeed:
    """Return what the engine that was loaded last needs of a clip; nothing before the first."""
    return clip_need(engine.kind, engine.model) if engine is not None else ClipNeed()
