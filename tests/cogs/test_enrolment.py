"""/enroll and its card."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord
import pytest
from simcord.results import InteractionResult

from bot.enrolment.types import AudioFileError, EnrolmentSample, Finding, SampleRejectedError
from bot.errors import UserError
from cogs.enrolment_card import FORGOTTEN
from cogs.open_cards import MAX_CARDS
from tests.cogs.conftest import Scene, content
from tests.cogs.world import make_clip, make_picture, make_report

FILE = ("me.m4a", b"not looked at by the test's worker")
SAVE = "Save: I am the speaker or have the speaker's permission"


async def enrol(scene: Scene, name: str = "Ann", **options: object) -> InteractionResult:
    return await scene.ann.slash(scene.channel, "enroll", sample=FILE, name=name, **options)


async def stored(scene: Scene) -> list[str]:
    return [voice.name for voice in await scene.world.store.list_voices(scene.guild.id)]


async def test_the_card_shows_picture_verdict_and_kept_seconds_to_its_member_alone(
    scene: Scene,
) -> None:
    result = await enrol(scene)
    assert result.ephemeral
    card = result.response
    assert card is not None
    assert [attachment.filename for attachment in card.attachments] == ["sample.png"]
    (embed,) = card.embeds
    assert embed.image.url is not None
    assert "Good" in (embed.description or "")
    assert embed.fields[0].value is not None
    assert embed.fields[0].value.startswith("17.5 s of 42.0 s")
    assert scene.world.media.uploads == [FILE[1]]


async def test_it_says_that_what_listens_is_starting_again_until_the_card_comes(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str | None] = []
    edit = discord.Interaction.edit_original_response

    async def spy(interaction: discord.Interaction, **changes: Any) -> Any:
        told.append(changes.get("content"))
        return await edit(interaction, **changes)

    monkeypatch.setattr(discord.Interaction, "edit_original_response", spy)
    scene.world.media.restarting = True
    card = (await enrol(scene)).response
    assert len(told) == 2
    assert "is starting again" in (told[0] or "")
    assert card is not None
    assert (card.content, len(card.embeds)) == ("", 1)


async def test_the_card_gives_reasons_with_advice(scene: Scene) -> None:
    finding = Finding("noisy", "There is noise in the background.", "Record in a quiet room.")
    report = make_report("usable", finding)
    scene.world.media.outcome = EnrolmentSample(make_clip(), report, make_picture())
    card = (await enrol(scene)).response
    assert card is not None
    field = card.embeds[0].fields[0]
    assert (field.name, field.value) == (finding.reason, finding.advice)


async def test_what_was_measured_stands_in_plain_words_before_its_units(scene: Scene) -> None:
    card = (await enrol(scene)).response
    assert card is not None
    measured = {field.name: field.value for field in card.embeds[0].fields}["Measured"]
    assert measured == (
        "background noise: hardly any (voice 31 dB above it)\n"
        "loudness: usual for speech (−20.2 LUFS)\n"
        "pitch: low (123 Hz)"
    )


async def test_nothing_is_stored_before_save(scene: Scene) -> None:
    await enrol(scene)
    assert await stored(scene) == []


async def test_save_stores_the_voice_with_who_consented_and_when(scene: Scene) -> None:
    card = await enrol(scene, language="de")
    before = scene.env.now()
    saved = await scene.ann.click(card.response, label=SAVE)
    (voice,) = await scene.world.store.list_voices(scene.guild.id)
    assert (voice.name, voice.owner_id, voice.language) == ("Ann", scene.ann.id, "de")
    assert voice.consented_by == scene.ann.id
    assert voice.consented_at is not None
    assert timedelta(0) <= voice.consented_at - before < timedelta(seconds=5)
    assert voice.quality is not None
    assert voice.quality["verdict"] == "good"
    assert saved.acknowledged
    assert card.response is not None
    assert "Saved" in (card.response.embeds[0].title or "")
    assert card.response.components == []


async def test_discard_stores_nothing_and_takes_the_buttons_away(scene: Scene) -> None:
    card = await enrol(scene)
    await scene.ann.click(card.response, label="Discard")
    assert await stored(scene) == []
    assert card.response is not None
    assert card.response.components == []
    assert "Nothing was stored" in content(card)


async def test_a_card_expires_after_fifteen_minutes_and_forgets_the_sample(scene: Scene) -> None:
    card = await enrol(scene)
    cards = scene.world.bot.get_cog("Enrolment").cards
    await scene.env.advance_time(14 * 60)
    assert len(cards) == 1
    await scene.env.advance_time(60)
    assert len(cards) == 0
    assert card.response is not None
    assert card.response.components == []
    assert "expired" in content(card)


async def test_a_press_does_not_make_the_card_live_longer(scene: Scene) -> None:
    await scene.world.add_voice("Ann", scene.guild.id)
    card = await enrol(scene, "Another")
    await scene.world.add_voice("Another", scene.guild.id)
    await scene.env.advance_time(14 * 60)
    await scene.ann.click(card.response, label=SAVE)  # asks for another name
    await scene.env.advance_time(60)
    assert "expired" in content(card)


async def test_a_name_taken_meanwhile_asks_for_another_and_loses_nothing(scene: Scene) -> None:
    card = await enrol(scene)
    await scene.world.add_voice("ann", scene.guild.id)
    asked = await scene.ann.click(card.response, label=SAVE)
    assert asked.modal is not None
    await scene.ann.submit_modal(asked, {"name": "Ann B."})
    assert sorted(await stored(scene)) == ["Ann B.", "ann"]


async def test_a_second_name_that_is_taken_too_can_be_tried_again(scene: Scene) -> None:
    card = await enrol(scene)
    for name in ("ann", "Ann B."):
        await scene.world.add_voice(name, scene.guild.id)
    asked = await scene.ann.click(card.response, label=SAVE)
    refused = await scene.ann.submit_modal(asked, {"name": "Ann B."})
    assert "already a voice named" in content(refused)
    again = await scene.ann.click(card.response, label=SAVE)
    await scene.ann.submit_modal(again, {"name": "Ann C."})
    assert "Ann C." in await stored(scene)


async def test_a_name_given_after_the_sample_was_discarded_is_told_so(scene: Scene) -> None:
    card = await enrol(scene)
    await scene.world.add_voice("ann", scene.guild.id)
    asked = await scene.ann.click(card.response, label=SAVE)
    await scene.ann.click(card.response, label="Discard")
    submitted = await scene.ann.submit_modal(asked, {"name": "Ann B."})
    assert content(submitted) == FORGOTTEN
    assert await stored(scene) == ["ann"]


async def test_dialogs_for_a_name_are_kept_one_a_card_and_no_longer_than_it(scene: Scene) -> None:
    card = await enrol(scene)
    await scene.world.add_voice("ann", scene.guild.id)
    for _ in range(3):
        await scene.ann.click(card.response, label=SAVE)
    dialogs = scene.world.bot._connection._view_store._modals  # there is no public way
    assert len(dialogs) == 1
    await scene.env.advance_time(15 * 60)
    assert len(dialogs) == 0


async def test_a_save_that_fails_after_the_card_expired_forgets_the_sample(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = await enrol(scene)
    cards = scene.world.bot.get_cog("Enrolment").cards

    async def save(*_: object) -> None:
        (view,) = cards._cards.values()
        view._dispatch_timeout()  # as discord.py does when its time is over
        await asyncio.sleep(0)
        raise UserError("This server has no room for more voices.")

    monkeypatch.setattr(scene.world.bot.services.enrolment, "save", save)
    await scene.ann.click(card.response, label=SAVE)
    assert "expired" in content(card)
    assert len(cards) == 0


async def test_a_recording_without_a_voice_is_shown_with_reasons_and_no_buttons(
    scene: Scene,
) -> None:
    finding = Finding("no_speech", "No speech was found.", "Record 10 to 20 seconds of speech.")
    report = make_report("rejected", finding)
    scene.world.media.outcome = SampleRejectedError("No speech.", report, make_picture())
    card = (await enrol(scene)).response
    assert card is not None
    assert card.components == []
    assert card.embeds[0].fields[0].name == finding.reason
    assert len(card.attachments) == 1


async def test_an_upload_that_is_no_audio_is_refused_in_words(scene: Scene) -> None:
    scene.world.media.outcome = AudioFileError("This is not audio.")
    assert "This is not audio." in content(await enrol(scene))


@pytest.mark.parametrize(
    ("file", "problem"),
    [(("cat.png", b"PNG"), "no recording"), (("empty.wav", b""), "empty")],
)
async def test_what_cannot_be_a_recording_is_not_downloaded(
    scene: Scene, file: tuple[str, bytes], problem: str
) -> None:
    result = await scene.ann.slash(scene.channel, "enroll", sample=file, name="Ann")
    assert problem in content(result)
    assert result.ephemeral
    assert scene.world.media.uploads == []


async def test_a_name_that_is_taken_is_refused_before_the_download(scene: Scene) -> None:
    await scene.world.add_voice("ann", scene.guild.id)
    result = await enrol(scene)
    assert "already a voice named" in content(result)
    assert scene.world.media.uploads == []


async def test_another_recording_of_a_member_replaces_the_card_of_the_first(scene: Scene) -> None:
    first, second = await enrol(scene), await enrol(scene)
    assert "Replaced" in content(first)
    assert second.response is not None
    assert second.response.components != []


async def test_cards_are_bounded_and_the_oldest_makes_room(scene: Scene) -> None:
    first = await enrol(scene)
    for number in range(MAX_CARDS):
        member = scene.guild.add_member(scene.env.create_user(f"member{number}"))
        await member.slash(scene.channel, "enroll", sample=FILE, name=f"Voice {number}")
    assert "forgotten" in content(first)
    assert len(scene.world.bot.get_cog("Enrolment").cards) == MAX_CARDS


async def test_the_card_says_which_track_and_channel_was_listened_to(scene: Scene) -> None:
    origin = "sound track 2 of 3, only the left channel"
    report = replace(make_report("good"), origin=origin)
    scene.world.media.outcome = EnrolmentSample(make_clip(), report, make_picture())
    card = (await enrol(scene)).response
    assert card is not None
    assert ("Listened to", origin) in [(f.name, f.value) for f in card.embeds[0].fields]


async def test_a_rejected_recording_never_says_that_something_is_kept(scene: Scene) -> None:
    report = make_report("rejected", Finding("no_speech", "No speech was found.", "Speak."))
    scene.world.media.outcome = SampleRejectedError("No speech.", report, make_picture())
    card = (await enrol(scene)).response
    assert card is not None
    assert "kept" not in str(card.embeds[0].to_dict()).lower()


async def test_a_model_loaded_before_save_refuses_a_short_sample_and_the_card_stays(
    scene: Scene,
) -> None:
    scene.world.engine.loaded_before = False
    card = await enrol(scene)
    scene.world.engine.loaded_before, scene.world.engine.model = True, "nano"
    answer = content(await scene.ann.click(card.response, label=SAVE))
    assert "only 0.1 s; the nano model, which speaks here, needs more than 5 s." in answer
    assert await stored(scene) == []
    assert await scene.ann.click(card.response, label="Discard")
    assert "Discarded" in content(card)
