"""`mynah models verify`: are the files what the hub says they are?"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, TypeAlias

import click

from bot.cli.as_json import json_option, print_json
from bot.cli.context import Context
from bot.cli.models.words import model_argument, with_models
from bot.cli.output import EXIT_FAILED, Show, counted, print_line
from bot.errors import UserError
from bot.speech.models import MODELS

if TYPE_CHECKING:
    from bot.speech.model_keeper import ModelKeeper
    from bot.speech.stored_models import CheckedFile
    from bot.speech.types import ChatterboxModel

Checked: TypeAlias = "dict[ChatterboxModel, tuple[CheckedFile, ...]]"


@click.command()
@model_argument(required=False)
@json_option
@click.pass_obj
def verify(context: Context, model: ChatterboxModel | None, as_json: bool) -> int:
    """Read MODEL, or all models that are there, and compare checksums.

    Names what is damaged and what to do about it. Exits with 1 if something is. A file that several
    models share is read once.
    """

    async def work(keeper: ModelKeeper, show: Show) -> Checked:
        checked: Checked = {}
        for name in [model] if model else list(MODELS):
            show(f"Reading the {name} model ...", 0)
            seen = frozenset(file.path for files in checked.values() for file in files)
            checked[name] = await keeper.verify(name, seen)
        return {name: files for name, files in checked.items() if files}

    checked = with_models(context, work)
    damaged = [name for name, files in checked.items() if any(_is_damaged(f) for f in files)]
    if as_json:
        files = [{"model": name, **asdict(f)} for name in checked for f in checked[name]]
        print_json({"ok": not damaged, "files": files})
    elif not checked:
        _tell_none(model)
    else:
        for name, found in checked.items():
            _print_model(name, found)
    return EXIT_FAILED if damaged else 0


def _tell_none(model: ChatterboxModel | None) -> None:
    if model is not None:
        raise UserError(f"There is nothing of the {model} model. mynah models fetch {model}")
    print_line("No model is there. mynah models fetch MODEL fetches one.")


def _print_model(name: ChatterboxModel, files: tuple[CheckedFile, ...]) -> None:
    damaged = [file for file in files if _is_damaged(file)]
    unknown = [file.name for file in files if file.state == "unknown"]
    if not damaged:
        told = f"{counted(len(files) - len(unknown), 'file')} as published"
        print_line(("ok    ", "green"), " ", (name, "bold"), ": ", told)
    for file in damaged:
        print_line(("FAILED", "bold red"), " ", (name, "bold"), f": {file.path} is damaged")
    if damaged:
        print_line(f"        mynah models fetch {name} fetches it again.")
    if unknown:
        told = f"{', '.join(unknown)} cannot be checked: nothing says what is right"
        print_line(("note  ", "yellow"), " ", (name, "bold"), ": ", told)


def _is_damaged(file: CheckedFile) -> bool:
    return file.state == "damaged"
