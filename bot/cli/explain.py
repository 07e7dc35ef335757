"""`mynah say --explain`: what an engine would be asked to say. Loads no engine, needs no voice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.speech.types import ChatterboxModel, EngineKind


def explain(
    settings: Settings,
    text: str,
    language: str | None,
    engine: EngineKind | None,
    model: ChatterboxModel | None,
) -> None:
    """Print what `text` becomes, a piece a line.

    engine, model: whose reading it is made for; None takes the one that would speak. A model is one
    of Chatterbox.

    Raises `UserError` when there is nothing to say, or too much.
    """
    from bot.app import installed_engine, text_limits
    from bot.speech.texts import reads_for
    from bot.text.plan import plan_text

    kind = engine or ("chatterbox" if model else installed_engine(settings))
    reads = reads_for(kind, model or settings.engine.model)
    for piece in plan_text(text, text_limits(settings), language=language, reads=reads):
        click.echo(piece)
