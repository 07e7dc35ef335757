"""What the commands on models share: the argument, the worker, sizes in words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bot.cli.output import Show, progress_steps
from bot.speech.models import MODELS

if TYPE_CHECKING:
    from bot.cli.context import Context
    from bot.speech.model_keeper import ModelKeeper
    from bot.speech.models import Model
    from bot.speech.stored_models import StoredModel

R = TypeVar("R")


def model_argument(*, required: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the argument MODEL of a command; a shell completes it."""
    choice = click.Choice(list(MODELS), case_sensitive=False)
    return click.argument("model", type=choice, required=required, metavar="MODEL")


def with_models(context: Context, work: Callable[[ModelKeeper, Show], Awaitable[R]]) -> R:
    """Open what looks after the models, do the work with a spinner beside it, close it."""
    from bot.engines import open_models

    async def run() -> R:
        async with open_models(context.settings) as keeper:
            with progress_steps() as show:
                return await work(keeper, show)

    return asyncio.run(run())


def size(count: int) -> str:
    """Return a number of bytes in words."""
    for unit, bytes_of_it in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= bytes_of_it:
            return f"{count / bytes_of_it:.1f} {unit}"
    return f"{count} bytes"


def languages(model: Model) -> str:
    """Return what a model speaks, in few words."""
    from bot.languages import LANGUAGES

    codes = model.languages
    return LANGUAGES[codes[0]] if len(codes) == 1 else f"{len(codes)} languages"


def state(model: Model, stored: StoredModel) -> str:
    """Return how much of a model is there."""
    if stored.complete:
        return "fetched"
    if stored.problem:
        return f"not complete: {stored.problem}"
    here = stored.stored_bytes + stored.unfinished_bytes
    return f"{size(here)} of {size(model.download_bytes)}" if here else "-"


def stored_document(model: Model, stored: StoredModel) -> dict[str, Any]:
    """Return a model as JSON has it."""
    return {
        "name": model.name,
        "summary": model.summary,
        "languages": list(model.languages),
        "download_bytes": model.download_bytes,
        "host_bytes": model.host_bytes,
        "card_bytes": model.card_bytes,
        "fetched": stored.complete,
        "stored_bytes": stored.stored_bytes,
        "unfinished_bytes": stored.unfinished_bytes,
        "revisions": dict(stored.revisions),
        "directory": stored.directory or None,
        "problem": stored.problem or None,
        "lacking": list(stored.lacking),
    }
