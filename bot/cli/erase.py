"""`mynah erase`: everything about a server or a member, or everything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from bot.cli.as_json import json_option, print_json
from bot.cli.context import Context
from bot.cli.lookup import with_store
from bot.cli.options import confirm
from bot.cli.output import EXIT_FAILED, print_error, print_line

if TYPE_CHECKING:
    from storage.erasure import Erased, Eraser
    from storage.voices import VoiceStore

_ID = click.IntRange(min=1, max=2**63 - 1)

_KINDS = {
    "voices": ("voice", "voices"),
    "recordings": ("recording of voices", "recordings of voices"),
    "evidence": ("evidence of a consent", "evidence of consents"),
    "settings": ("setting", "settings"),
    "defaults": ("choice of a voice", "choices of voices"),
    "entries": ("entry of dictionaries", "entries of dictionaries"),
    "shares": ("voice that named them", "voices that named them"),
    "blocks": ("block", "blocks"),
    "audit": ("entry of audit trails", "entries of audit trails"),
    "nameless": ("entry that stays without the name", "entries that stay without the name"),
}
"""What is counted, for people."""


@dataclass(frozen=True, slots=True)
class _Target:
    """Whose data is meant. words: of it; document: of it, for programs."""

    words: str
    document: dict[str, Any]
    survey: Callable[[Eraser], Awaitable[Erased]]
    erase: Callable[[Eraser], Awaitable[Erased]]


@click.command()
@click.option("--guild", "guild_id", type=_ID, metavar="ID", help="Everything about a server.")
@click.option(
    "--member", "member_id", type=_ID, metavar="ID", help="Everything about a member, everywhere."
)
@click.option("--all", "everything", is_flag=True, help="Everything; the key file stays.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def erase(
    context: Context,
    guild_id: int | None,
    member_id: int | None,
    everything: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Delete what is stored about a server or a member, or everything.

    For good. With --guild and --member, a member's data on one server. Says what will go, and asks.
    A running bot forgets it within a second. Rows, recordings, evidence; nothing of it can be found
    in the data directory afterwards. Backups are yours to look after.
    """
    target = _target(guild_id, member_id, everything)
    found = _run(context, target.survey)
    if not as_json:
        _print(f"Stored about {target.words}:", found)
    question = f"Delete everything about {target.words} for good?"
    if not yes and not confirm(question, refusal="nothing was deleted. Add --yes to delete"):
        if as_json:
            print_json(target.document | {"erased": None})
        else:
            print_line("Nothing was deleted.")
        return 0
    erased = _run(context, target.erase)
    if as_json:
        print_json(target.document | {"erased": _document(erased)})
    else:
        _print(f"Deleted about {target.words}:", erased)
    if erased.left:
        print_error(
            f"{erased.left} files could not be removed; the log says why. The next start of the "
            "bot, or of any command, tries again."
        )
    return EXIT_FAILED if erased.left else 0


def _run(context: Context, work: Callable[[Eraser], Awaitable[Erased]]) -> Erased:
    async def run(store: VoiceStore) -> Erased:
        from storage.erasure import Eraser

        return await work(Eraser.beside(store))

    return with_store(context, run, any_key=True)


def _target(guild_id: int | None, member_id: int | None, everything: bool) -> _Target:
    if everything is (guild_id is not None or member_id is not None):
        raise click.UsageError("Give --guild ID, --member ID, both, or --all.")
    document = {
        "guild_id": None if guild_id is None else str(guild_id),
        "member_id": None if member_id is None else str(member_id),
        "all": everything,
    }
    if member_id is not None:
        where = "on every server" if guild_id is None else f"on server {guild_id}"
        return _Target(
            f"member {member_id}, {where}",
            document,
            lambda eraser: eraser.survey_member(member_id, guild_id),
            lambda eraser: eraser.erase_member(member_id, guild_id),
        )
    if guild_id is not None:
        return _Target(
            f"server {guild_id}",
            document,
            lambda eraser: eraser.survey_guild(guild_id),
            lambda eraser: eraser.erase_guild(guild_id),
        )
    return _Target(
        "all servers and members, and the operator's voices",
        document,
        lambda eraser: eraser.survey_all(),
        lambda eraser: eraser.erase_all(),
    )


def _print(title: str, erased: Erased) -> None:
    print_line((title, "bold"))
    counts = {name: getattr(erased, name) for name in _KINDS}
    if not any(counts.values()):
        print_line("  nothing")
    for name, count in counts.items():
        if count:
            print_line(f"  {count} {_KINDS[name][count != 1]}")


def _document(erased: Erased) -> dict[str, int]:
    return asdict(erased)
