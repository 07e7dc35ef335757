"""What members hear of an engine that cannot speak, whatever its operator is told."""

from __future__ import annotations

from bot.errors import EngineDeadError
from bot.i18n import N_, Translatable

ENGINE_DEAD = N_("The voice engine is out of order. My operator has to look at it.")


def for_members(error: EngineDeadError) -> str:
    """Return what a member is told; translatable. The error's own text may name files and hosts."""
    return error.for_members or Translatable(ENGINE_DEAD)
