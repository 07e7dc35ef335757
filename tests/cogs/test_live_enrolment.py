"""/enroll without a file: the member is recorded in the call."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from bot.consent.challenge import WORDS
from bot.consent.evidence import evidence_of
from bot.consent.recording import REASONS, RecordingEnd
from bot.enrolment.types import Finding, SampleRejectedError
from storage.types import Consent, VoiceProfile
from tests.cogs.conftest import Scene, content
from tests.cogs.ear import Ear
from tests.cogs.live import enrol_live, live_sample
from tests.cogs.test_enrolment import SAVE
from tests.cogs.world import make_clip, make_picture, make_report

pytestmark = pytest.mark.usefixtures("voice_client")

START, STOP, CANCEL, AGAIN = "Start recording", "Stop", "Cancel", "Record again"


@pytest.fixture(autouse=True)
def recognises(monkeypatch: pytest.MonkeyPatch) -> None:
    """English words can be checked here, whatever is installed."""
    for module in ("recognition", "minimum"):
        monkeypatch.setattr(f"bot.consent.{module}.installed", lambda: True)


def embed_of(result: InteractionResult) -> Any:
    assert result.response is not None
    return result.response.embeds[0]


def shown(result: InteractionResult) -> str:
    """All that stands on the card."""
    assert result.response is not None
    parts = [result.response.content]
    for embed in result.response.embeds:
        parts += [embed.title or "", embed.description or ""]
        parts += [f"{field.name}: {field.value}" for field in embed.fields]
        parts.append(embed.footer.text or "")
    return "\n".join(parts)


def buttons(result: InteractionResult) -> list[str]:
    assert result.response is not None
    return [b["label"] for row in result.response.components for b in row["components"]]


async def record(scene: Scene, ear: Ear, card: InteractionResult) -> None:
    """Press Start, speak for a second, press Stop."""
    await scene.ann.click(card.response, label=START)
    ear.hear()
    await scene.ann.click(card.response, label=STOP)
    await scene.env.settle()


async def sampled(
    scene: Scene, ear: Ear, lounge: ChannelHandle, **outcome: object
) -> InteractionResult:
    """The card of a live sample."""
    scene.world.media.heard = partial(live_sample, **outcome)  # type: ignore[arg-type]
    card = await enrol_live(scene, lounge)
    await record(scene, ear, card)
    return card


async def evidence(scene: Scene) -> tuple[VoiceProfile, Consent]:
    [voice] = await scene.world.store.list_voices(scene.guild.id)
    stored = await scene.world.store.consent_of(voice.id, voice.clip_sha256)
    assert stored is not None
    return voice, stored


async def test_the_card_shows_a_sentence_with_name_and_four_words(
    scene: Scene, ear: Ear, lounge: ChannelHandle
) -> None:
    card = await enrol_live(scene, lounge)
    assert card.ephemeral
    field = embed_of(card).fields[0]
    assert field.value.startswith("**I, ann, agree")
    words = field.value.rstrip(".*").rpartition(": ")[2].split(", ")
    assert len(words) == 4
    assert set(words) <= set(WORDS)
    assert "I am deafened" in shown(card)
    assert buttons(card) == [START, CANCEL]


async def test_the_bot_is_called_in_as_say_does(
    scene: Scene, ear: Ear, lounge: ChannelHandle
) -> None:
    await enrol_live(scene, lounge)
    player = scene.world.bot.services.voice.existing(scene.guild.id)
    assert player is not None
    assert player.channel is not None
    assert player.channel.id == lounge.id


async def test_outside_a_voice_channel_one_is_told_what_to_do(scene: Scene, ear: Ear) -> None:
    result = await scene.ann.slash(scene.channel, "enroll", name="Ann")
    assert "Join a voice channel" in content(result)


async def test_the_bar_moves_while_speech_is_heard(
    scene: Scene, ear: Ear, lounge: ChannelHandle
) -> None:
    card = await enrol_live(scene, lounge)
    await scene.ann.click(card.response, label=START)
    assert buttons(card) == [STOP, CANCEL]
    assert "I am listening" in shown(card)
    ear.hear()
    await scene.env.advance_time(10)
    assert "▰" in shown(card)
    assert "1 s of speech heard" in shown(card)


async def test_a_saved_recording_is_a_voice_with_level_and_evidence(
    scene: Scene, ear: Ear, lounge: ChannelHandle
) -> None:
    card = await sampled(scene, ear, lounge)
    assert "spoken live" in shown(card)
    assert "The words were heard" in shown(card)
    await scene.ann.click(card.response, label=SAVE)
    voice, stored = await evidence(scene)
    assert (voice.level, voice.owner_id, voice.consented_by) == (
        "spoken", scene.ann.id, scene.ann.id,
    )  # fmt: skip
    assert (stored.member_id, stored.consent_sha256) == (scene.ann.id, make_clip(7).sha256)
    record = evidence_of(stored.record)
    assert record.statement.startswith("I, ann, agree")
    assert record.words_heard == record.words_asked
    assert (record.way, record.level, record.channel_id) == ("live", "spoken", lounge.id)
    assert "spoken live" in shown(card)


async def test_words_that_were_not_heard_make_a_voice_that_was_recorded_live(
    scene: Scene, ear: Ear, lounge: ChannelHandle
) -> None:
    card = await sampled(scene, ear, lounge, heard=1)
    assert "recognised 1 of them" in shown(card)
    await scene.ann.click(card.response, label=SAVE)
    voice, stored = await evidence(scene)
    assert voice.level == "live"
    assert len(stored.record["words_heard"]) == 1


async def test_words_that_cannot_be_checked_are_said_to_be_unchecked(
    scene: Scene, ear: Ear, lounge: ChannelHandle
) -> None:
    card = await sampled(scene, ear, lounge, heard=None)
    assert "The words were not checked" in shown(card)
    await scene.ann.click(card.response, label=SAVE)
    _, stored = await evidence(scene)
    assert stored.record["words_heard"] is None


async def test_gaps_are_told_and_kept(scene: Scene, ear: Ear, lounge: ChannelHandle) -> None:
    card = await sampled(scene, ear, lounge, gaps=3, lost_seconds=0.06)
    assert "3 gaps, 0.06 s in all" in shown(card)
    await scene.ann.click(card.response, label=SAVE)
    _, stored = await evidence(scene)
    assert (stored.record["gaps"], stored.record["lost_seconds"]) == (3, 0.06)


async def test_recording_again_asks_for_other_words_and_forgets_the_sample(
    scene: Scene, ear: Ear, lounge: ChannelHandle
) -> None:
    card = await sampled(scene, ear, lounge)
    first = scene.world.media.heard
    await scene.ann.click(card.response, label=AGAIN)
    assert first is not None
    assert buttons(card) == [START, CANCEL]
    assert card.response is not None
    assert card.response.attachments == []
    assert len(scene.world.bot.get_cog("Enrolment").cards) == 1
    await record(scene, ear, card)
    await scene.ann.click(card.response, label=SAVE)
    assert [v.name for v in await scene.world.store.list_voices(scene.guild.id)] == ["Ann"]


@pytest.mark.parametrize("end", [RecordingEnd.NO_SPEECH, RecordingEnd.MEMBER_LEFT])
async def test_why_a_recording_ended_is_told_and_one_can_start_again(
    scene: Scene, ear: Ear, lounge: ChannelHandle, end: RecordingEnd
) -> None:
    card = await enrol_live(scene, lounge)
    before = embed_of(card).fields[0].value
    await scene.ann.click(card.response, label=START)
    ear.hear()
    ear.recording.end(end)
    await scene.env.settle()
    assert REASONS[end] in shown(card)
    assert buttons(card) == [START, CANCEL]
    assert embed_of(card).fields[0].value != before
    assert await scene.world.store.list_voices(scene.guild.id) == []


async def test_the_end_of_the_time_is_as_good_as_stop(
    scene: Scene, ear: Ear, lounge: ChannelHandle
) -> None:
    scene.world.media.heard = live_sample
    card = await enrol_live(scene, lounge)
    await scene.ann.click(card.response, label=START)
    ear.hear()
    await scene.env.advance_time(41)
    assert SAVE in buttons(card)


@pytest.mark.parametrize("started", [False, True])
async def test_cancel_closes_the_card_and_keeps_nothing(
    scene: Scene, ear: Ear, lounge: ChannelHandle, started: bool
) -> None:
    card = await enrol_live(scene, lounge)
    if started:
        await scene.ann.click(card.response, label=START)
        ear.hear()
    await scene.ann.click(card.response, label=CANCEL)
    assert content(card) == "Cancelled. Nothing was kept."
    assert buttons(card) == []
    assert all(r.over.result() is RecordingEnd.CANCELLED for r in ear.recordings)
    assert len(scene.world.bot.get_cog("Enrolment").cards) == 0


async def test_another_card_of_the_member_ends_the_recording(
    scene: Scene, ear: Ear, lounge: ChannelHandle
) -> None:
    card = await enrol_live(scene, lounge)
    await scene.ann.click(card.response, label=START)
    await scene.ann.slash(scene.channel, "enroll", name="Ann")
    assert ear.recording.over.result() is RecordingEnd.CANCELLED
    assert "Replaced" in content(card)


async def test_what_keeps_the_bot_from_hearing_is_told_and_the_card_stays(
    scene: Scene, ear: Ear, lounge: ChannelHandle
) -> None:
    card = await enrol_live(scene, lounge)
    ear.refusal = "You are muted. Unmute yourself."
    pressed = await scene.ann.click(card.response, label=START)
    assert ear.refusal in content(pressed)
    ear.refusal = None
    await scene.ann.click(card.response, label=START)
    assert buttons(card) == [STOP, CANCEL]


async def test_whoever_left_the_channel_is_told_to_join(
    scene: Scene, ear: Ear, lounge: ChannelHandle
) -> None:
    card = await enrol_live(scene, lounge)
    await scene.ann.leave_voice()
    pressed = await scene.ann.click(card.response, label=START)
    assert "Join a voice channel" in content(pressed)
    assert ear.recordings == []


async def test_a_recording_without_a_voice_says_why_and_can_be_made_again(
    scene: Scene, ear: Ear, lounge: ChannelHandle
) -> None:
    finding = Finding("too_short", "Only 1.0 s of speech were found.", "Record 10 to 20 seconds.")
    report = make_report("rejected", finding)
    scene.world.media.outcome = SampleRejectedError("Too short.", report, make_picture())
    card = await enrol_live(scene, lounge)
    await record(scene, ear, card)
    assert finding.reason in shown(card)
    assert buttons(card) == [START, CANCEL]
    assert card.response is not None
    assert len(card.response.attachments) == 1


async def test_words_that_are_too_old_are_renewed(
    scene: Scene, ear: Ear, lounge: ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = await enrol_live(scene, lounge)
    before = embed_of(card).fields[0].value
    monkeypatch.setattr("bot.consent.challenge.Challenge.expired", lambda challenge: True)
    await scene.ann.click(card.response, label=START)
    assert ear.recordings == []
    assert "new ones" in shown(card)
    assert embed_of(card).fields[0].value != before


async def test_a_card_that_nobody_uses_expires(
    scene: Scene, ear: Ear, lounge: ChannelHandle
) -> None:
    card = await enrol_live(scene, lounge)
    await scene.env.advance_time(15 * 60)
    assert "expired" in content(card)
    assert len(scene.world.bot.get_cog("Enrolment").cards) == 0


async def test_where_a_language_is_not_recognised_english_can_be_chosen(
    scene: Scene, ear: Ear, lounge: ChannelHandle, speaks: Any
) -> None:
    speaks(scene.ann, "ja")
    scene.world.media.heard = live_sample
    card = await enrol_live(scene, lounge)
    assert len(buttons(card)) == 3
    view = next(iter(scene.world.bot.get_cog("Enrolment").cards._cards.values()))
    assert view.language == "ja"
    await scene.ann.click(card.response, custom_id=view.in_english.custom_id)
    assert embed_of(card).fields[0].value.startswith("**I, ann, agree")
    assert len(buttons(card)) == 2


async def test_a_voice_is_replaced_live_too(scene: Scene, ear: Ear, lounge: ChannelHandle) -> None:
    scene.world.media.heard = live_sample
    voice = await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id, level="declared")
    await scene.ann.join_voice(lounge)
    card = await scene.ann.slash(scene.channel, "voice replace", voice="Ann")
    await record(scene, ear, card)
    await scene.ann.click(card.response, label=SAVE)
    replaced, stored = await evidence(scene)
    assert (replaced.id, replaced.level, replaced.former_level) == (voice.id, "spoken", "declared")
    assert stored.clip_sha256 == replaced.clip_sha256


async def test_whose_data_is_deleted_is_recorded_no_longer(
    scene: Scene, ear: Ear, lounge: ChannelHandle
) -> None:
    card = await enrol_live(scene, lounge)
    await scene.ann.click(card.response, label=START)
    ear.hear()
    await scene.world.bot.services.privacy.erase_member(scene.ann.id)
    assert ear.recording.over.result() is RecordingEnd.CANCELLED
    assert "Your data was deleted" in content(card)
    assert buttons(card) == []
