"""Which messages are read aloud."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.reading.message import ChatMessage
from bot.reading.rules import SkipReason, begins_with_prefix, refused_author, skip_reason
from bot.settings.member import MemberSettings
from storage.forgotten import stand_in
from tests.reading.making import ANN, BOT, CALL, CHAT, NOW, PLACE, author, context, message

ROLE, OTHER_ROLE, ELSEWHERE = 100, 101, 21
MEMBER = author(roles=frozenset({ROLE}))


def test_an_ordinary_message_is_read() -> None:
    assert skip_reason(message(), context()) is None


@pytest.mark.parametrize(
    ("written", "settings", "reason"),
    [
        (message(author=author(BOT, bot=True)), {"read_bots": True}, SkipReason.OWN),
        (message(author=author(bot=True)), {}, SkipReason.BOT),
        (message(author=author(webhook=True)), {}, SkipReason.WEBHOOK),
        (message(author=author(webhook=True)), {"read_bots": True}, SkipReason.WEBHOOK),
        (message(), {"blocked_members": [ANN]}, SkipReason.BLOCKED),
        (message(), {"blocked_members": [stand_in(ANN)]}, SkipReason.BLOCKED),
        (message(), {"muted_members": [stand_in(ANN)]}, SkipReason.MUTED),
        (message(), {"muted_members": [ANN]}, SkipReason.MUTED),
        (message(author=MEMBER), {"muted_roles": [ROLE]}, SkipReason.MUTED_ROLE),
        (message(author=MEMBER), {"read_roles": [OTHER_ROLE]}, SkipReason.ROLE_MISSING),
        (message(author=author(in_call=False)), {}, SkipReason.NOT_IN_CALL),
        (message(), {"text_channels": [ELSEWHERE]}, SkipReason.CHANNEL_NOT_ALLOWED),
        (message(), {"voice_channels": [ELSEWHERE]}, SkipReason.CALL_NOT_ALLOWED),
        (message(silent=True), {}, SkipReason.SILENT),
        (message(edited=True), {}, SkipReason.EDITED),
        (message("; quiet"), {}, SkipReason.PREFIX),
        (message("!play song"), {"skip_prefix": "!"}, SkipReason.PREFIX),
        (message("?!"), {}, SkipReason.NOTHING_TO_SAY),
        (message(""), {}, SkipReason.NOTHING_TO_SAY),
        (message("", embeds=("A title",)), {}, SkipReason.NOTHING_TO_SAY),
        (message(f"<@{BOT}>"), {}, SkipReason.NOTHING_TO_SAY),
    ],
)
def test_why_a_message_is_not_read(
    written: ChatMessage, settings: dict[str, Any], reason: SkipReason
) -> None:
    assert skip_reason(written, context(**settings)) is reason


@pytest.mark.parametrize(
    ("written", "settings"),
    [
        (message(author=author(bot=True, in_call=False)), {"read_bots": True}),
        (message(author=author(webhook=True, in_call=False)), {"read_webhooks": True}),
        (
            message(author=author(bot=True, in_call=False)),
            {"read_bots": True, "read_roles": [ROLE]},
        ),
        (message(author=MEMBER), {"read_roles": [ROLE]}),
        (message(author=author(manages=True)), {"read_roles": [ROLE]}),
        (message(author=author(in_call=False)), {"only_in_call": False}),
        (message(), {"text_channels": [CHAT]}),
        (message(channel_id=CALL), {"text_channels": [ELSEWHERE]}),
        (message(), {"voice_channels": [CALL]}),
        (message(channel_id=5, parent_id=CHAT), {"text_channels": [CHAT]}),
        (message("; loud"), {"skip_prefix": ""}),
        (message("😂"), {}),
        (message("7"), {}),
        (message("", attachments=("image",)), {}),
        (message("", stickers=("Wave",)), {}),
        (message("", poll="Who?"), {}),
        (message("", forwarded=""), {}),
        (message("", embeds=("A title",)), {"read_embeds": True}),
    ],
)
def test_what_is_read(written: ChatMessage, settings: dict[str, Any]) -> None:
    assert skip_reason(written, context(**settings)) is None


def test_a_member_who_muted_themselves_is_not_read() -> None:
    silent = MemberSettings(be_read=False)
    assert skip_reason(message(), context(member=silent)) is SkipReason.MUTED_BY_THEMSELVES


def test_what_is_older_than_the_call_is_not_read() -> None:
    later = replace(PLACE, since=NOW + timedelta(seconds=1))
    assert skip_reason(message(), context(later)) is SkipReason.OLD
    assert skip_reason(message(), context(replace(PLACE, since=NOW))) is None


def test_who_asks_for_a_message_need_not_hear_of_rules_for_chat() -> None:
    absent = author(bot=True, in_call=False)
    assert refused_author(absent, context()) is None
    assert refused_author(author(), context(muted_members=[ANN])) is SkipReason.MUTED


@pytest.mark.parametrize(
    ("text", "prefix"),
    [
        (";hello", ";"),
        ("   ;hello", ";"),
        ("\n;hello", ";"),
        ("；こんにちは", ";"),
        ("**;hello**", ";"),
        ("> ;hello", ";"),
        ("||;hello||", ";"),
        ("> quoted", ">"),
        ("- item", "-"),
        ("OOC nothing", "ooc"),
        ("ooc: nothing", "OOC"),
        ("。。だめ", "。。"),
    ],
)
def test_a_prefix_is_found(text: str, prefix: str) -> None:
    assert begins_with_prefix(text, prefix)


@pytest.mark.parametrize(
    ("text", "prefix"),
    [("hello;", ";"), ("oocyte", "ooc"), ("hello", ""), ("", ";"), (";", ";;"), ("**bold**", ";")],
)
def test_no_prefix_is_found(text: str, prefix: str) -> None:
    assert not begins_with_prefix(text, prefix)


def test_every_reason_is_told_in_other_words() -> None:
    assert len({reason.value for reason in SkipReason}) == len(SkipReason)
