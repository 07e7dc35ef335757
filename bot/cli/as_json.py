"""What `--json` prints, for programs. docs/cli.md names every key, and a test holds them."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from storage.types import VoiceProfile

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def is_wanted(arguments: Iterable[str]) -> bool:
    """Whether a command line asks for JSON; also one that is wrong in other ways."""
    return "--json" in itertools.takewhile(lambda argument: argument != "--", arguments)


def print_json(document: Mapping[str, Any]) -> None:
    """Print one document to standard output."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    escaped = encoding.lower().replace("-", "") != "utf8"
    click.echo(json.dumps(document, indent=2, ensure_ascii=escaped))


def voice_document(profile: VoiceProfile, clip: str) -> dict[str, Any]:
    """Return all that is stored about a voice. clip: where its recording lies.

    Discord's ids are strings, as in Discord's own JSON: many programs read numbers of that size
    wrongly. Times are ISO 8601 in UTC.
    """
    from bot.speech.voice_settings import delivery_of, settings_of

    return {
        "id": profile.id,
        "guild_id": str(profile.guild_id),
        "name": profile.name,
        "language": profile.language,
        "seconds": round(profile.seconds, 3),
        "pitch_hz": profile.pitch_hz,
        "settings": asdict(settings_of(profile)),
        "delivery": asdict(delivery_of(profile)),
        "owner_id": _text(profile.owner_id),
        "level": profile.level,
        "reach": profile.reach,
        "paused_by_owner_at": moment_json(profile.paused_by_owner_at),
        "paused_by_admin_at": moment_json(profile.paused_by_admin_at),
        "consented_by": _text(profile.consented_by),
        "consented_at": moment_json(profile.consented_at),
        "created_at": moment_json(profile.created_at),
        "last_used_at": moment_json(profile.last_used_at),
        "use_count": profile.use_count,
        "damage": profile.damage,
        "former_until": moment_json(profile.former_until),
        "clip": clip,
        "clip_sha256": profile.clip_sha256,
        "quality": profile.quality,
    }


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def moment_json(moment: datetime | None) -> str | None:
    """Return a time as JSON has it."""
    return None if moment is None else moment.isoformat()
