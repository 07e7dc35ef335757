"""Opening an engine on a tiny checkpoint in another process, where `conftest` is not loaded."""

from __future__ import annotations

from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.types import EngineSpec
from tools.random_checkpoint import shrink


def open_shrunk(wanted: EngineSpec) -> ChatterboxEngine:
    """For the worker's child, where the sizes must be shrunk again."""
    shrink(wanted.model)
    return ChatterboxEngine(wanted, "the test asks for it")
