"""`mynah voices show`: all that is stored about one voice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bot.cli.as_json import json_option, print_json, voice_document
from bot.cli.completion import voice_argument
from bot.cli.context import Context
from bot.cli.lookup import find_voice, with_store
from bot.cli.options import guild_option
from bot.cli.output import counted, print_facts, print_line
from bot.cli.reports import report_rows
from bot.cli.voices.words import (
    date,
    paused_in_words,
    pitch,
    reach_in_words,
    server,
    speaks,
    too_short,
)
from bot.consent.levels import MEANINGS
from bot.speech.voice_settings import delivery_of, settings_of

if TYPE_CHECKING:
    from storage.access import VoiceAccess
    from storage.types import VoiceProfile
    from storage.voices import VoiceStore


@click.command()
@voice_argument()
@guild_option
@json_option
@click.pass_obj
def show(context: Context, name: str, guild_id: int, as_json: bool) -> None:
    """Show everything that is stored about the voice NAME."""

    from bot.app import expected_clip_need
    from storage.access import access_of

    async def work(store: VoiceStore) -> tuple[VoiceProfile, str, VoiceAccess]:
        profile = await find_voice(store, guild_id, name)
        access = await access_of(store.database.read, [profile.id])
        return profile, store.clip_location(profile), access[profile.id]

    profile, path, access = with_store(context, work, any_key=True)
    if as_json:
        print_json(voice_document(profile, path))
    else:
        print_facts(_facts(profile, path, access))
        if note := too_short(profile, expected_clip_need(context.settings)):
            print_line((note, "yellow"))


def _facts(profile: VoiceProfile, path: str, access: VoiceAccess) -> list[tuple[str, str]]:
    return [
        ("name", profile.name),
        ("server", server(profile.guild_id)),
        ("state", profile.damage or "ok"),
        ("length", f"{profile.seconds:.1f} s"),
        *_quality_rows(profile),
        ("language", profile.language or "-"),
        ("speaks with", speaks(settings_of(profile), delivery_of(profile))),
        ("owner", str(profile.owner_id or "the operator")),
        ("who may speak as it", reach_in_words(access)),
        ("paused", paused_in_words(access)),
        ("consent", _consent(profile)),
        ("proof", f"{profile.level}: {MEANINGS[profile.level]}"),
        ("added", date(profile.created_at)),
        ("last used", f"{date(profile.last_used_at)} ({counted(profile.use_count, 'use')})"),
        ("earlier recording", _former(profile)),
        ("number", str(profile.id)),
        ("file", path),
        ("fingerprint", f"{profile.clip_sha256} (SHA-256 of the samples)"),
    ]


def _quality_rows(profile: VoiceProfile) -> list[tuple[str, str]]:
    if profile.quality is None:
        return [("quality", "not measured"), ("pitch", pitch(profile.pitch_hz))]
    return report_rows(profile.quality)


def _consent(profile: VoiceProfile) -> str:
    if profile.consented_at is None:
        return "none recorded (enrolled by the operator)"
    return f"by {profile.consented_by} on {date(profile.consented_at)}"


def _former(profile: VoiceProfile) -> str:
    if profile.former_until is None:
        return "none"
    return f"can be brought back until {date(profile.former_until)} (mynah voices restore)"
