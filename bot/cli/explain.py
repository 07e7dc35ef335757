"""`mynah say --explain`: what an engine would be asked to say. Loads no engine, needs no voice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bot.errors import EngineDeadError

if TYPE_CHECKING:
    from bot.config import Settings


def explain(settings: Settings, text: str, language: str | None, engine: str | None) -> None:
    """Print what `text` becomes, a piece a line.

    engine: whose reading it is made for; None takes the one that would speak.

    Raises `UserError` when there is nothing to say, or too much.
    """
    from bot.app import text_limits
    from bot.text.plan import plan_text

    kind = engine or _kind(settings)
    for piece in plan_text(text, text_limits(settings), language=language, engine=kind):
        click.echo(piece)


def _kind(settings: Settings) -> str | None:
    from bot.speech.engines.select import choose
    from bot.speech.types import EngineSpec

    try:
        return choose(EngineSpec(kind=settings.engine.kind))[0]
    except EngineDeadError:  # none is installed
        return None
