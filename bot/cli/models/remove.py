"""`mynah models remove`: room on the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bot.cli.as_json import json_option, print_json
from bot.cli.context import Context
from bot.cli.models.words import model_argument, size, with_models
from bot.cli.options import confirm
from bot.cli.output import Show, print_line
from bot.errors import UserError

if TYPE_CHECKING:
    from bot.speech.model_keeper import ModelKeeper
    from bot.speech.stored_models import Removal
    from bot.speech.types import ChatterboxModel


@click.command()
@model_argument()
@click.option("--force", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def remove(context: Context, model: ChatterboxModel, force: bool, as_json: bool) -> None:
    """Remove MODEL from the disk, but for what others need.

    It can be fetched again. A bot that has it loaded goes on with it until it ends.
    """
    plan = _remove(context, model, really=False)
    if not plan.files and not plan.freed_bytes:
        raise UserError(f"There is nothing to remove of the {model} model.{_stays(plan)}")
    question = f"Remove the {model} model and free {size(plan.freed_bytes)}?"
    if not force and not confirm(question, refusal="nothing was removed. Add --force to remove"):
        print_line("Nothing was removed.", err=as_json)
        if as_json:
            print_json(_document(model, plan, removed=False))
        return
    done = _remove(context, model, really=True)
    if as_json:
        print_json(_document(model, done, removed=True))
    else:
        print_line(f"{model} is removed; {size(done.freed_bytes)} are free again.{_stays(done)}")


def _remove(context: Context, model: ChatterboxModel, *, really: bool) -> Removal:
    async def work(keeper: ModelKeeper, show: Show) -> Removal:
        show(f"{'Removing' if really else 'Looking at'} the {model} model ...", 0)
        return await keeper.remove(model, really=really)

    return with_models(context, work)


def _stays(removal: Removal) -> str:
    told = ""
    if removal.kept:
        owners = sorted({name for names in removal.kept.values() for name in names})
        told = f" {', '.join(sorted(removal.kept))} stay for {', '.join(owners)}."
    if removal.unclear:
        told += (
            f" {' and '.join(removal.unclear)} stay, because it is not clear which is the model's. "
            "Remove by hand what nobody needs."
        )
    return told


def _document(model: ChatterboxModel, removal: Removal, *, removed: bool) -> dict[str, Any]:
    return {
        "model": model,
        "removed": removed,
        "files": list(removal.files),
        "freed_bytes": removal.freed_bytes,
        "kept": {name: list(owners) for name, owners in removal.kept.items()},
        "unclear": list(removal.unclear),
    }
