"""`mynah models fetch`: a model before the bot needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bot.cli.as_json import json_option, print_json
from bot.cli.context import Context
from bot.cli.models.words import model_argument, size, stored_document, with_models
from bot.cli.output import Show, print_line, show_loading
from bot.speech.models import MODELS

if TYPE_CHECKING:
    from bot.speech.model_keeper import ModelKeeper
    from bot.speech.stored_models import StoredModel
    from bot.speech.types import ChatterboxModel


@click.command()
@model_argument()
@click.option(
    "--newest", is_flag=True, help="Move on to the newest revision, untried by Mynah's makers."
)
@json_option
@click.pass_obj
def fetch(context: Context, model: ChatterboxModel, newest: bool, as_json: bool) -> None:
    """Fetch MODEL: what is missing of it, and what is damaged.

    A download that was broken off goes on where it stopped. What is there is checked first.
    """

    async def work(keeper: ModelKeeper, show: Show) -> tuple[StoredModel, tuple[str, ...]]:
        show(f"Checking what there is of the {model} model ...", 0)
        return await keeper.fetch(model, show_loading(show), newest=newest)

    stored, damaged = with_models(context, work)
    if as_json:
        document = stored_document(MODELS[model], stored)
        print_json({"model": document, "damaged": list(damaged)})
        return
    if damaged:
        print_line(f"{', '.join(damaged)}: damaged, and fetched again.")
    revisions = ", ".join(f"{name} at {at}" for name, at in stored.revisions.items() if at)
    print_line(f"{model} is complete: {size(stored.stored_bytes)} in {stored.directory}.")
    print_line(f"From {revisions}.")
    if stored.lacking:
        print_line(f"Not there, and not needed for all it does: {', '.join(stored.lacking)}.")
