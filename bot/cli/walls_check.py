"""What `mynah check` says of the walls around what reads strangers' files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.config import Settings


class WallMissingError(Exception):
    """A wall does not stand here; the text says which, why, and what does."""


async def walls_facts(settings: Settings) -> str:
    """Say which walls stand, by what, and what the system lacks. Raises `WallMissingError`."""
    from bot.app import open_media_worker
    from bot.confinement import in_words, lacking

    async with open_media_worker(settings, decodes=False) as worker:
        await worker.run(os.getpid)
        walls = worker.walls
    told = [f"what decodes recordings has {in_words(walls)}"]
    if lacks := lacking(walls):
        told.append(f"The system lacks {lacks}")
    if not all(wall.stands for wall in walls):
        raise WallMissingError(". ".join([*told, "Linux 5.13 or newer has them all"]))
    return ". ".join(told)
