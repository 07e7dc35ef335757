"""`mynah voices` and `mynah voices list`: what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from bot.cli.as_json import json_option, print_json, voice_document
from bot.cli.completion import guild_ids
from bot.cli.context import Context
from bot.cli.lookup import all_voices, with_store
from bot.cli.options import GUILD_ID
from bot.cli.output import counted, print_line
from bot.cli.tables import GAP, fits, print_table, widths_of
from bot.cli.voices.words import date, pitch, server, too_short

if TYPE_CHECKING:
    from storage.types import VoiceProfile
    from storage.voices import VoiceStore

HEADINGS = ("server", "name", "seconds", "language", "pitch", "added", "uses", "proof", "state")

only_guild_option = click.option(
    "--guild",
    "guild_id",
    type=GUILD_ID,
    metavar="ID",
    shell_complete=guild_ids,
    help="Only the voices of this server; 0: the operator's.",
)


@click.command("list")
@only_guild_option
@json_option
@click.pass_obj
def list_command(context: Context, guild_id: int | None, as_json: bool) -> None:
    """List the stored voices, as `mynah voices` alone does."""
    print_voices(context, guild_id, as_json=as_json)


def print_voices(context: Context, guild_id: int | None, *, as_json: bool) -> None:
    """Print the voices of one server, or of all."""

    async def work(store: VoiceStore) -> list[VoiceProfile]:
        profiles = await all_voices(store, guild_id)
        if as_json:
            paths = [store.clip_location(profile) for profile in profiles]
            print_json({"voices": list(map(voice_document, profiles, paths))})
        return profiles

    profiles = with_store(context, work, any_key=True)
    if as_json:
        return
    if not profiles:
        _print_none(guild_id)
        return
    rows = [HEADINGS, *(_row(profile) for profile in profiles)]
    widths = widths_of(rows)
    if fits(widths):
        print_table(rows, widths)
    else:
        _print_blocks(profiles)
    for note in _short_ones(context, profiles):
        print_line((note, "yellow"))


def _short_ones(context: Context, profiles: Sequence[VoiceProfile]) -> list[str]:
    """Return a line for each voice whose recording the model that would speak may refuse."""
    from bot.app import expected_clip_need

    need = expected_clip_need(context.settings)
    told = [too_short(profile, need) for profile in profiles]
    return [line for line in told if line]


def _print_blocks(profiles: Sequence[VoiceProfile]) -> None:
    for profile in profiles:
        print_line((profile.name, "bold"))
        language = [profile.language] if profile.language else []
        measured = [f"{profile.seconds:.1f} s", *language, pitch(profile.pitch_hz)]
        print_line(GAP, ", ".join([_whose(profile), _state(profile)]))
        print_line(GAP, ", ".join(measured))
        print_line(GAP, f"added {date(profile.created_at)}")
        print_line(GAP, counted(profile.use_count, "use"))
        print_line(GAP, f"consent: {profile.level}")


def _whose(profile: VoiceProfile) -> str:
    return f"server {profile.guild_id}" if profile.guild_id else "operator"


def _state(profile: VoiceProfile) -> str:
    return "DAMAGED" if profile.damage else "ok"


def _row(profile: VoiceProfile) -> tuple[str, ...]:
    return (
        server(profile.guild_id),
        profile.name,
        f"{profile.seconds:.1f}",
        profile.language or "-",
        pitch(profile.pitch_hz),
        date(profile.created_at),
        str(profile.use_count),
        profile.level,
        _state(profile),
    )


def _print_none(guild_id: int | None) -> None:
    who = f"Server {guild_id} has no voices of its own." if guild_id else "No voices yet."
    guild = f" --guild {guild_id}" if guild_id else ""
    print_line(f"{who} Enrol one: mynah enroll FILE --name NAME{guild}")
