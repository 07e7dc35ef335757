"""`mynah models verify`: are the files what the hub says they are?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
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

    Names what is damaged or missing and what to do about it. Exits with 1 if something is. A file
    that several models share is read once.
    """

    async def work(keeper: ModelKeeper, show: Show) -> Checked:
        checked: Checked = {}
        for name in [model] if model else await _complete_first(keeper):
            show(f"Reading the {name} model ...", 0)
            seen = frozenset(file.path for files in checked.values() for file in files)
            checked[name] = await keeper.verify(name, seen)
        return {name: checked[name] for name in MODELS if checked.get(name)}

    checked = with_models(context, work)
    if model is not None and not checked:
        raise UserError(f"There is nothing of the {model} model. mynah models fetch {model}")
    ok = not any(file.is_fault for files in checked.values() for file in files)
    if as_json:
        files = [{"model": name, **asdict(f)} for name in checked for f in checked[name]]
        print_json({"ok": ok, "files": files})
    elif not checked:
        print_line("No model is there. mynah models fetch MODEL fetches one.")
    else:
        for name, found in checked.items():
            _print_model(name, found)
    return 0 if ok else EXIT_FAILED


async def _complete_first(keeper: ModelKeeper) -> list[ChatterboxModel]:
    """Return all models: what a complete one has is not the beginning of another."""
    stored = sorted(await keeper.stored(), key=lambda model: not model.complete)
    return [model.name for model in stored]


def _print_model(name: ChatterboxModel, files: tuple[CheckedFile, ...]) -> None:
    faults = [file for file in files if file.is_fault]
    unknown = [file.name for file in files if file.state == "unknown"]
    if not faults:
        told = f"{counted(len(files) - len(unknown), 'file')} as published"
        print_line(("ok    ", "green"), " ", (name, "bold"), ": ", told)
    for file in faults:
        print_line(("FAILED", "bold red"), " ", (name, "bold"), f": {_fault(file)}")
    if faults:
        again = " again" if all(file.state == "damaged" for file in faults) else ""
        print_line(f"        mynah models fetch {name} fetches it{again}.")
    if unknown:
        told = f"{', '.join(unknown)} cannot be checked: nothing says what is right"
        print_line(("note  ", "yellow"), " ", (name, "bold"), ": ", told)


def _fault(file: CheckedFile) -> str:
    if file.state == "missing":
        return f"{file.name} is missing in {Path(file.path).parent}"
    if file.state == "unclear":
        return f"{file.path} is one of several that could be the same part"
    return f"{file.path} is damaged"
