"""Every text that shows a name, as a function of the name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import discord

from bot.audit.events import DictionaryChanged, Enrolled, Renamed, Reported, SettingChanged, Spoken
from bot.audit.provenance import Provenance
from bot.dictionary.exchange import ReadEntry
from bot.dictionary.service import ImportReport
from bot.moderation import Deleted, EntrySet, SettingSet, TextSpoken
from bot.moderation import Enrolled as EnrolledHere
from bot.moderation import line as moderation_line
from bot.settings.catalogue import definition
from bot.settings.guild import GuildSettings
from bot.settings.member import MemberSettings
from bot.speech.delivery import DeliverySettings
from bot.speech.types import VoiceSettings
from bot.voice.player import Ticket
from bot.voice.utterances import QueueEntry, Rank
from cogs import cards
from cogs.audit_pages import line as audit_line
from cogs.audit_pages import naming_of
from cogs.dictionary.words import import_card, removed_text, saved_card
from cogs.provenance_text import provenance_text
from cogs.settings.naming import Names
from cogs.speakers.lines import line as speaker_line
from cogs.speakers.recent import Speaking
from cogs.speakers.report_text import Report, report_text
from cogs.speech_cards import queue_card, say_text
from cogs.voice_option import _label
from cogs.voices.usage import usage_card
from storage.audit_reading import Usage
from storage.dictionary import Entry
from storage.types import VoiceProfile
from tests.audit.test_words import as_read

AT = datetime(2026, 5, 1, tzinfo=UTC)
MEMBER, OTHER = 111_000_000_000_000_001, 111_000_000_000_000_002
VOICE = VoiceProfile(
    1, 7, "Ann", "a" * 64, 12.0, "en", MEMBER, MEMBER, AT, 120.0, None, AT, None, 0, None,
    level="live", former_until=AT,
)  # fmt: skip
SPOKEN: dict[str, Any] = {"voice_id": 1, "milliseconds": 1500, "packets_sha256": "a" * 64}


def _command(name: str) -> str:
    return f"/{name}"


def _texts_of(card: discord.Embed) -> Iterator[str]:
    yield from filter(None, (card.title, card.description, card.footer.text, card.author.name))
    for field in card.fields:
        yield from (str(field.name), str(field.value))


def _card(card: discord.Embed) -> str:
    return "\n".join(_texts_of(card))


def _voice(name: str, **more: Any) -> VoiceProfile:
    return replace(VOICE, name=name, **more)


def _ticket(before: int) -> Ticket:
    ended: Any = None
    return Ticket(before, 3.0, ended)


def _queue(name: str) -> str:
    entries = [QueueEntry(MEMBER, name, name, 3.0, True), QueueEntry(
        MEMBER, "Ann", name, 3.0, False, Rank.CHATTER, webhook=name)]  # fmt: skip
    return _card(queue_card(tuple(entries)))


def _audit(event: Callable[[str], Any], name: str) -> str:
    interaction: Any = _Interaction()
    return audit_line(as_read(event(name)), naming_of(interaction))


class _Interaction:
    guild_id = 7

    class client:  # noqa: N801
        @staticmethod
        def get_guild(_guild_id: int) -> None:
            return None


def _provenance(name: str) -> str:
    row = replace(as_read(Spoken(by=MEMBER, owner_id=OTHER, way="file", **SPOKEN)), voice=name)
    return provenance_text(Provenance((row,), True, None), lambda row: True)


def _report(name: str) -> str:
    row = as_read(Spoken(by=MEMBER, way="say", text=name, **SPOKEN))
    report = Report(MEMBER, f"<@{OTHER}>", "https://discord.example/1", name, _voice(name), None,
                    [row])  # fmt: skip
    return report_text(report)


def _settings(name: str) -> str:
    about = definition(MemberSettings, "spoken_name")
    default = definition(GuildSettings, "default_voice")
    names = Names(None, {1: name})
    return f"{names.value(about, name)}\n{names.value(default, 1)}"


def _import(name: str) -> str:
    line = ReadEntry(1, name, None, "no")
    return _card(import_card(ImportReport(refused=[line]), server=True))


ENTRY_WAYS: Mapping[str, Callable[[str], str]] = {
    "an entry": lambda name: _card(saved_card(Entry(name, name), replaced=True, server=True)),
    "entries removed": lambda name: removed_text([Entry(name, name)]),
    "entries refused": _import,
}
AUDITED: Mapping[str, Callable[[str], Any]] = {
    "enrolled": lambda n: Enrolled(by=1, voice_id=1, voice=n, level="live", reach="owner"),
    "renamed": lambda n: Renamed(by=1, voice_id=1, voice=n, former_name=n),
    "reported": lambda n: Reported(by=1, voice_id=1, voice=n, speaker=(MEMBER,), text=n),
    "dictionary": lambda n: DictionaryChanged(by=1, change="set", count=1, entry=f"{n}={n}"),
    "setting": lambda n: SettingChanged(by=1, key="skip_prefix", before=n[:10], after=n[:10]),
    "spoken": lambda n: Spoken(by=1, way="say", text=n, **SPOKEN),
}
TOLD: Mapping[str, Callable[[str], Any]] = {
    "enrolled": lambda n: EnrolledHere(MEMBER, n),
    "replaced": lambda n: EnrolledHere(MEMBER, n, replaced=True),
    "deleted": lambda n: Deleted(MEMBER, n, OTHER),
    "entry": lambda n: EntrySet(MEMBER, f"{n} → {n}"),
    "voice": lambda n: SettingSet(MEMBER, "default_voice", 1, None, n),
    "prefix": lambda n: SettingSet(MEMBER, "skip_prefix", n[:10], n[:10]),
    "said": lambda n: TextSpoken(MEMBER, n, n, 5),
    "webhook": lambda n: TextSpoken(MEMBER, n, n, 5, read=True, webhook=n),
}
ANSWERS: Mapping[str, Callable[[str], str]] = {
    "say": lambda name: say_text(name, name, _ticket(2)),
    "queue": _queue,
    "title of a sample": lambda name: cards.quoted(name),
    "saved": lambda name: _card(cards.saved_card(_voice(name), _command)),
    "replaced": lambda name: _card(cards.replaced_card(_voice(name), _command)),
    "restored": lambda name: cards.restored(_voice(name), _command),
    "info": lambda name: _card(cards.voice_card(_voice(name), _command)),
    "tuned": lambda name: cards.tuned(name, VoiceSettings(), DeliverySettings(), None),
    "voices": lambda name: cards.voice_line(_voice(name)),
    "usage": lambda name: _card(usage_card(name, [], Usage(0, 0.0), [])),
    "who speaks": lambda n: speaker_line(Speaking(5, MEMBER, 1, n, OTHER, 0, webhook=n)),
    "report": _report,
    "provenance": _provenance,
    "settings": _settings,
    **ENTRY_WAYS,
    **{f"audit {key}": partial(_audit, event) for key, event in AUDITED.items()},
    **{
        f"moderation {key}": lambda name, event=event: moderation_line(  # type: ignore[misc]
            event(name), lambda picker, _id: f"a {picker.value}"
        )
        for key, event in TOLD.items()
    },
}
"""Answers in which Discord reads Markdown."""

PLAIN: Mapping[str, Callable[[str], str]] = {
    "choice": lambda name: _label(_voice(name, guild_id=0)),
}
"""Where Discord reads none."""
