"""The report button under a line about who speaks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from bot.audit.events import Spoken
from bot.consent.evidence import Evidence
from bot.report_limits import MOST_PER_MINUTE
from cogs.speakers.report_button import ReportButton
from cogs.speakers.report_text import MOST_CHARACTERS, Report, report_text
from storage.audit_rows import AuditRow, packets_hash
from storage.types import Consent, VoiceProfile
from tests.cogs.conftest import Scene, as_read, content
from tests.cogs.speakers.conftest import UntilHeard

HASH = packets_hash([b"a packet"])


@pytest.fixture
async def line(scene: Scene, lounge: ChannelHandle, until_heard: UntilHeard) -> Any:
    """Ann has spoken in Ben's voice: the message that says so."""
    voice = await scene.world.add_voice("Ben's", scene.guild.id, scene.ben.id, level="declared")
    for member in (scene.ann, scene.ben, scene.mo):
        await member.join_voice(lounge)
    await scene.ann.slash(scene.channel, "say", text="Hello.", voice="Ben's")
    await until_heard()
    await scene.world.audit.record(scene.guild.id, spoken(voice, by=scene.ann.id))
    [message] = lounge.history()
    return message


def spoken(voice: VoiceProfile, **changes: Any) -> Spoken:
    facts: dict[str, Any] = {
        "voice_id": voice.id,
        "owner_id": voice.owner_id,
        "milliseconds": 2500,
        "packets_sha256": HASH,
        "way": "say",
        "text": "Hello.",
    }
    return Spoken(**facts | changes)


@pytest.fixture
async def mods(scene: Scene) -> ChannelHandle:
    channel = scene.guild.create_text_channel("mods")
    await let(scene, "moderation_channel", channel.id)
    return channel


async def let(scene: Scene, key: str, value: Any) -> None:
    await scene.world.settings.change_guild(scene.guild.id, key, value, changed_by=scene.mo.id)
    await scene.env.settle()


async def press(member: MemberActor, line: Any) -> InteractionResult:
    return await member.click(line, label="Report")


async def report(member: MemberActor, line: Any, reason: str = "") -> str:
    dialog = await press(member, line)
    told = as_read(content(await member.submit_modal(dialog, {"reason": reason})))
    return told.replace("`", "")  # around commands that are not known yet


def reports(mods: ChannelHandle) -> list[str]:
    return [each.content for each in mods.history() if each.content.startswith("🚩")]


async def test_the_moderators_are_told_who_spoke_in_whose_voice_and_what_is_known(
    scene: Scene, line: Any, mods: ChannelHandle
) -> None:
    told = await report(scene.mo, line, "Not *funny*")
    assert (
        told == "Reported: the moderators of this server see who spoke, in whose voice, and when."
    )
    [text] = reports(mods)
    ann, ben, mo = (f"<@{each.id}>" for each in (scene.ann, scene.ben, scene.mo))
    assert text.splitlines()[:4] == [
        f"🚩 {mo} reports {ann}, who spoke as “Ben's”, the voice of {ben}.",
        f"The line: {line.jump_url}",
        r"Reason: Not \*funny\*",
        "Consent to the voice: declared (a member clicked that they may)",
    ]
    assert f" · 2.5 s · `{HASH}`" in text
    assert "Hello" not in text


async def test_texts_are_shown_where_the_server_keeps_them(
    scene: Scene, line: Any, mods: ChannelHandle
) -> None:
    await let(scene, "audit_texts", True)
    [voice] = await scene.world.store.list_voices(scene.guild.id, 1, 0)
    await scene.world.audit.record(scene.guild.id, spoken(voice, by=scene.ann.id))
    await report(scene.mo, line)
    assert f"`{HASH}` · Hello." in reports(mods)[0]


async def test_what_others_spoke_or_was_spoken_before_is_not_shown(
    scene: Scene, line: Any, mods: ChannelHandle
) -> None:
    [voice] = await scene.world.store.list_voices(scene.guild.id, 1, 0)
    early = datetime(2020, 1, 1, tzinfo=UTC)
    for event in (
        spoken(voice, by=scene.ben.id, packets_sha256="b" * 64),
        spoken(voice, by=scene.ann.id, packets_sha256="c" * 64, at=early),
    ):
        await scene.world.audit.record(scene.guild.id, event)
    await report(scene.mo, line)
    [text] = reports(mods)
    assert (HASH in text, "b" * 64 in text, "c" * 64 in text) == (True, False, False)


async def test_a_report_is_written_into_the_audit_trail(
    scene: Scene, line: Any, mods: ChannelHandle
) -> None:
    await report(scene.mo, line, "Rude")
    rows = [row async for row in scene.world.audit.reader.all_rows(scene.guild.id)]
    [row] = [row for row in rows if row.kind == "reported"]
    assert (row.actor, row.subject) == (scene.mo.id, scene.ben.id)
    assert row.members == {"speaker": [scene.ann.id]}
    assert row.texts["text"] == "Rude"


async def test_each_member_reports_a_line_once(
    scene: Scene, line: Any, mods: ChannelHandle
) -> None:
    dialogs = [await press(scene.mo, line) for _ in range(2)]
    await scene.mo.submit_modal(dialogs[0], {"reason": ""})
    again = await scene.mo.submit_modal(dialogs[1], {"reason": ""})
    assert content(again) == "You have reported that already."
    assert content(await press(scene.mo, line)) == "You have reported that already."
    await report(scene.ben, line)
    assert len(reports(mods)) == 2


async def test_reports_have_a_bound(scene: Scene, line: Any, mods: ChannelHandle) -> None:
    for other in range(MOST_PER_MINUTE):
        with scene.world.bot.services.reports.admit(scene.guild.id, scene.mo.id, other):
            pass
    assert (await report(scene.mo, line)).startswith("That were many reports at once. Try again in")
    assert reports(mods) == []


async def test_without_a_moderation_channel_the_reporter_learns_whom_to_tell(
    scene: Scene, line: Any
) -> None:
    told = await report(scene.ann, line)
    assert told == (
        "It is written down, but nobody was told: This server has no moderation channel. Tell "
        "somebody with the permission Manage Server; /audit shows it to them."
    )


async def test_the_owner_of_the_voice_learns_how_to_stop_it(scene: Scene, line: Any) -> None:
    assert (await report(scene.ben, line)).endswith(
        "It is your voice: /voice pause stops it at once, /voice block keeps somebody from it."
    )


async def test_a_voice_that_was_deleted_can_still_be_reported(
    scene: Scene, line: Any, mods: ChannelHandle
) -> None:
    [voice] = await scene.world.store.list_voices(scene.guild.id, 1, 0)
    await scene.world.store.delete(voice.id)
    await report(scene.mo, line)
    assert "who spoke in a voice that was deleted since." in reports(mods)[0]


async def test_the_button_works_after_a_restart(
    scene: Scene, line: Any, mods: ChannelHandle
) -> None:
    """Nothing is remembered of it: the cog is unloaded and loaded as at a start."""
    await scene.world.bot.reload_extension("cogs.speakers")
    await report(scene.mo, line)
    assert len(reports(mods)) == 1


def forged(line: Any, member: MemberActor, custom_id: str) -> dict[str, Any]:
    """The message as a changed client claims it to be."""
    stored = member._env.backend.get_message(line.channel.id, line.id)
    from simcord.backend import serializers

    message = dict(serializers.message_payload(member._env.backend, stored))
    button = {"type": 2, "style": 2, "label": "Report", "custom_id": custom_id}
    return message | {"components": [{"type": 1, "components": [button]}]}


async def press_forged(
    member: MemberActor, where: ChannelHandle, line: Any, custom_id: str, **author: str
) -> InteractionResult:
    message = forged(line, member, custom_id)
    message["author"] = message["author"] | author
    data = {"custom_id": custom_id, "component_type": 2}
    return await member._dispatch_interaction(3, where, data, extra={"message": message})


FORGED = "This button is not of this server, so it reports nothing."


@pytest.mark.parametrize("changed", ["guild", "voice", "too large"])
async def test_ids_of_another_server_report_nothing(
    scene: Scene, lounge: ChannelHandle, line: Any, changed: str
) -> None:
    other = scene.env.create_guild("Other")
    foreign = await scene.world.add_voice("Foreign", other.id, 77)
    [voice] = await scene.world.store.list_voices(scene.guild.id, 1, 0)
    guild_id = other.id if changed == "guild" else scene.guild.id
    voice_id = {"voice": foreign.id, "too large": 10**20 - 1}.get(changed, voice.id)
    custom_id = f"report:{guild_id}:{voice_id}:{scene.ann.id}:1:0"
    told = await press_forged(scene.mo, lounge, line, custom_id)
    assert (content(told), told.modal) == (FORGED, None)


async def test_a_button_that_another_bot_wrote_reports_nothing(
    scene: Scene, lounge: ChannelHandle, line: Any
) -> None:
    [voice] = await scene.world.store.list_voices(scene.guild.id, 1, 0)
    custom_id = f"report:{scene.guild.id}:{voice.id}:{scene.ann.id}:1:0"
    told = await press_forged(scene.mo, lounge, line, custom_id, id="12345")
    assert (content(told), told.modal) == (FORGED, None)


def test_the_longest_ids_fit_a_button() -> None:
    from cogs.speakers.reports import ReportedLine

    most = 2**64
    line = ReportedLine(most, most, most, 10**12 - 1, webhook=True)
    assert len(line.custom_id) <= 100
    assert ReportButton.__discord_ui_compiled_template__.fullmatch(line.custom_id)


VOICE = VoiceProfile(
    id=1, guild_id=2, name="Ben", clip_sha256="a" * 64, seconds=9.0, language=None, owner_id=3,
    consented_by=3, consented_at=None, pitch_hz=None, quality=None,
    created_at=datetime(2026, 1, 1, tzinfo=UTC), last_used_at=None, use_count=0, damage=None,
    level="spoken",
)  # fmt: skip


EVIDENCE = Evidence(
    "live", "spoken", "I agree: a b c d.", "en", 2, words_asked=tuple("abcd"),
    words_heard=tuple("abcd"), words_recognised=3, similarity=0.87,
)  # fmt: skip


def test_what_proves_the_consent_is_told_and_only_words_that_were_recognised_count() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    consent = Consent(1, "a" * 64, 3, at, "b" * 64, EVIDENCE.to_json())
    text = report_text(Report(9, "<@8>", "url", "", VOICE, consent, []))
    assert "spoken live (recorded in the call, with the words that were asked for) · <@3>" in text
    assert "-# words heard: 3 of 4 · one speaker: 0.87 · the sentence of consent is kept" in text


def test_evidence_of_another_version_leaves_the_rest_as_it_is() -> None:
    consent = Consent(1, "a" * 64, 3, VOICE.created_at, "b" * 64, {"format": 99})
    text = report_text(Report(9, "<@8>", "url", "", VOICE, consent, []))
    assert "-# the sentence of consent is kept" in text


def test_the_longest_report_fits_one_message() -> None:
    row = AuditRow(
        2, 1, datetime(2026, 1, 1, tzinfo=UTC), "spoken", 8, 3, 1, "Ben", {}, {},
        {"text": "*" * 600}, 2_500_000, HASH, "",
    )  # fmt: skip
    voice = replace(VOICE, name="*" * 80, owner_id=2**63)
    consent = Consent(1, "a" * 64, 2**63, VOICE.created_at, "b" * 64, EVIDENCE.to_json())
    text = report_text(
        Report(2**63, f"<@{2**63}>", "u" * 90, "*" * 300, voice, consent, [row] * 100)
    )
    assert len(text) <= MOST_CHARACTERS
    assert "… and 94 more" in text or "SHA-256" in text
