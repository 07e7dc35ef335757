"""`mynah models` and `mynah models list`: every model, what is there of it, and what is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bot.cli.as_json import json_option, print_json
from bot.cli.context import Context
from bot.cli.models.words import languages, size, state, stored_document, with_models
from bot.cli.output import Show, print_line
from bot.cli.tables import print_rows
from bot.speech.models import MODELS

if TYPE_CHECKING:
    from bot.speech.choice import Choice
    from bot.speech.model_keeper import ModelKeeper
    from bot.speech.stored_models import StoredModel, Survey

HEADINGS = ("model", "speaks", "on disk", "main memory", "GPU memory", "state")


@click.command("list")
@json_option
@click.pass_obj
def list_command(context: Context, as_json: bool) -> None:
    """List the models, as `mynah models` alone does."""
    print_models(context, as_json=as_json)


def print_models(context: Context, *, as_json: bool) -> None:
    """Print every model, and which one speaks here and why."""

    async def work(keeper: ModelKeeper, show: Show) -> Survey:
        show("Looking at the models and this machine ...", 0)
        return await keeper.survey()

    survey = with_models(context, work)
    configured = str(context.settings.engine.model)
    if as_json:
        print_json(_document(survey, configured))
        return
    print_rows(HEADINGS, [_row(stored) for stored in survey.models])
    for line in _choice_lines(survey, configured):
        print_line(line)


def _row(stored: StoredModel) -> tuple[str, ...]:
    model = MODELS[stored.name]
    return (
        model.name,
        languages(model),
        size(model.download_bytes),
        size(model.host_bytes),
        size(model.card_bytes),
        state(model, stored),
    )


def _choice_lines(survey: Survey, configured: str) -> list[str]:
    if survey.choice is None:
        return [f"auto takes none here: {survey.problem}"]
    choice = survey.choice
    taken = f"auto takes {_taken(choice)} here, because {choice.reason}."
    lines = [taken, choice.more] if choice.more else [taken]
    if configured != "auto":
        lines.append(f'The configuration asks for [engine] model = "{configured}".')
    return lines


def _taken(choice: Choice) -> str:
    return f"{choice.model} on {choice.device}" if choice.model else choice.kind


def _document(survey: Survey, configured: str) -> dict[str, Any]:
    choice = survey.choice
    return {
        "models": [stored_document(MODELS[stored.name], stored) for stored in survey.models],
        "configured": configured,
        "auto": choice
        and {
            "kind": choice.kind,
            "model": choice.model,
            "device": choice.device,
            "reason": choice.reason,
            "more": choice.more or None,
        },
        "problem": survey.problem or None,
    }
