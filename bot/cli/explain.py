"""`mynah say --explain`: what an engine would be asked to say. Loads no engine, needs no voice."""

from __future__ import annotations

import asyncio
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
    of Chatterbox. Which one `auto` takes is said on standard error.

    Raises `UserError` when there is nothing to say, or too much.
    """
    from bot.app import installed_engine, text_limits
    from bot.speech.texts import reads_for
    from bot.text.plan import plan_text

    kind = engine or ("chatterbox" if model else installed_engine(settings))
    if kind == "chatterbox" and model is None:
        model = _configured_model(settings)
    reads = reads_for(kind, model)
    for piece in plan_text(text, text_limits(settings), language=language, reads=reads):
        click.echo(piece)


def _configured_model(settings: Settings) -> ChatterboxModel | None:
    """Return the configured model, for `auto` the one that it takes here; None where it takes none.

    Says which one that is.
    """
    if settings.engine.model != "auto":
        return settings.engine.model
    from bot.app import chosen_model

    model = asyncio.run(chosen_model(settings))
    if model is None:
        click.echo(
            "For what every model reads, because auto takes none here. --model names one; "
            "mynah models says why.",
            err=True,
        )
    else:
        click.echo(f"For {model}, which auto takes here. --model names another.", err=True)
    return model
