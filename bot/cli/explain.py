"""`mynah say --explain`: what an engine would be asked to say. Loads no engine, needs no voice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.config import Settings


def explain(settings: Settings, text: str, language: str | None, engine: str | None) -> None:
    """Print what `text` becomes, a piece a line.

    engine: whose reading it is made for; None takes the one that would speak.

    Raises `UserError` when there is nothing to say, or too much.
    """
    from bot.app import installed_engine, text_limits
    from bot.text.plan import plan_text

    kind = engine or installed_engine(settings)
    for piece in plan_text(text, text_limits(settings), language=language, engine=kind):
        click.echo(piece)
