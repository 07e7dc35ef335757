"""Options and a question that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from bot.cli.completion import guild_ids
from bot.errors import UserError
from bot.languages import LANGUAGES
from bot.speech.delivery import DeliverySettings
from bot.speech.setting_table import ALL, DELIVERY, Setting, number
from bot.speech.types import VoiceSettings
from bot.speech.voice_settings import check_ranges

R = TypeVar("R")


class _GuildId(click.ParamType[int]):
    """A Discord id, as SQLite stores it; help need not say how large that is."""

    name = "id"
    _range = click.IntRange(min=0, max=2**63 - 1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        return int(self._range.convert(value, param, ctx))


GUILD_ID = _GuildId()

guild_option = click.option(
    "--guild",
    "guild_id",
    type=GUILD_ID,
    default=0,
    metavar="ID",
    shell_complete=guild_ids,
    help="Discord server that the voice belongs to. Default: 0, the operator's voices, which "
    "every server can use.",
)

force_option = click.option(
    "--force", is_flag=True, help="Replace the file that is named, if it is there already."
)

language_option = click.option(
    "--language",
    type=click.Choice(list(LANGUAGES), case_sensitive=False),
    metavar="CODE",
    help=f"Language of the speaker: {', '.join(LANGUAGES)}.",
)


def voice_settings_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add an option for each setting of a voice; the command takes them as `voice_settings`.

    A value out of its range raises `UserError` before the command runs.
    """
    return _with_options(command, "voice_settings", VoiceSettings, ALL)


def delivery_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add `--speed` and `--volume`; the command takes them as `delivery`, `DeliverySettings`.

    A value out of its range raises `UserError` before the command runs.
    """
    return _with_options(command, "delivery", DeliverySettings, DELIVERY)


def option_name(name: str, setting: Setting) -> str:
    """Return what a setting is called on the command line."""
    return f"--{(name if name in ALL else setting.plain or name).replace('_', '-')}"


def _with_options(
    command: Callable[..., R],
    argument: str,
    kind: type[VoiceSettings] | type[DeliverySettings],
    settings: Mapping[str, Setting],
) -> Callable[..., R]:
    @functools.wraps(command)
    def with_settings(*arguments: Any, **options: Any) -> R:
        given = kind(**{name: options.pop(name) for name in settings})
        check_ranges(given)
        return command(*arguments, **{argument: given}, **options)

    for name, setting in reversed(list(settings.items())):
        about = (
            f"{setting.meaning.capitalize()}; {number(setting.lowest)} to "
            f"{number(setting.highest)}, {setting.default_text} by default."
        )
        taken, metavar = (int, "N") if setting.whole else (float, "X")
        option = click.option(
            option_name(name, setting), name, type=taken, metavar=metavar, help=about
        )
        with_settings = option(with_settings)
    return with_settings


def confirm(question: str, *, refusal: str) -> bool:
    """Ask on standard error, and return whether the answer is yes.

    refusal: what became of it without an answer, such as "nothing was deleted. Add --yes to
    delete". Raises `UserError` if the input ends before an answer, `click.Abort` if it is
    interrupted.
    """
    try:
        return click.confirm(question, err=True)
    except click.Abort as abort:
        # click raises the same for Ctrl-C and for the end of the input.
        if not isinstance(abort.__context__, EOFError):
            raise
    click.echo(err=True)
    raise UserError(f"There was no answer, so {refusal} unasked.")
