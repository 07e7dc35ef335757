"""Options that several commands share."""

from __future__ import annotations

import click

from bot.languages import LANGUAGES

GUILD_ID = click.IntRange(min=0, max=2**63 - 1)  # a Discord id, as SQLite stores it

guild_option = click.option(
    "--guild",
    "guild_id",
    type=GUILD_ID,
    default=0,
    metavar="ID",
    help="Discord server that the voice belongs to. Default: 0, the operator's voices, which "
    "every server can use.",
)

language_option = click.option(
    "--language",
    type=click.Choice(list(LANGUAGES), case_sensitive=False),
    metavar="CODE",
    help=f"Language of the speaker: {', '.join(LANGUAGES)}.",
)
