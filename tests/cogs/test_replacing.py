"""/voice replace and /voice restore."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from simcord.results import InteractionResult

from bot.enrolment.types import EnrolmentSample, Finding, SampleRejectedError
from cogs.enrolment_card import DELETED
from storage.former import KEPT_FOR
from storage.types import OPERATOR_GUILD_ID, VoiceProfile
from tests.cogs.conftest import Scene, as_read, content
from tests.cogs.test_enrolment import FILE, SAVE
from tests.cogs.world import make_clip, make_picture, make_report
from tests.storage.conftest import set_guild_default

NEW = make_clip(7)


@pytest.fixture
async def voice(scene: Scene) -> VoiceProfile:
    """Ann's voice, tuned; the worker makes `NEW` of what is sent."""
    scene.world.media.outcome = EnrolmentSample(NEW, make_report("usable"), make_picture())
    added = await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id, language="de")
    await set_guild_default(scene.world.store, scene.guild.id, added.id)
    return await scene.world.store.tune(
        added.id,
        exaggeration=1.5,
        cfg_weight=None,
        temperature=None,
        seed=3,
        takes=None,
        language="de",
        speed=1.5,
        volume_db=None,
    )


async def replace(scene: Scene, **options: object) -> InteractionResult:
    given = {"voice": "Ann", "sample": FILE} | options
    return await scene.ann.slash(scene.channel, "voice replace", **given)


def title(result: InteractionResult) -> str:
    assert result.response is not None
    return result.response.embeds[0].title or ""


async def stored(scene: Scene) -> VoiceProfile:
    (voice,) = await scene.world.store.list_voices(scene.guild.id)
    return voice


async def test_the_card_is_that_of_enroll_and_nothing_is_replaced_before_save(
    scene: Scene, voice: VoiceProfile
) -> None:
    result = await replace(scene)
    assert result.ephemeral
    assert title(result) == "Another recording for “Ann”"
    assert result.response is not None
    assert [attachment.filename for attachment in result.response.attachments] == ["sample.png"]
    labels = [b["label"] for row in result.response.components for b in row["components"]]
    assert labels == [SAVE, "Discard"]
    assert scene.world.media.uploads == [FILE[1]]
    assert await stored(scene) == voice


async def test_save_replaces_the_recording_with_who_consented_and_when(
    scene: Scene, voice: VoiceProfile
) -> None:
    card = await replace(scene)
    before = scene.env.now()
    await scene.ann.click(card.response, label=SAVE)
    replaced = await stored(scene)
    assert replaced.id == voice.id
    assert replaced.clip_sha256 == NEW.sha256
    assert (replaced.pitch_hz, (replaced.quality or {})["verdict"]) == (123.4, "usable")
    assert replaced.consented_by == scene.ann.id
    assert replaced.consented_at is not None
    assert timedelta(0) <= replaced.consented_at - before < timedelta(seconds=5)


async def test_name_settings_owner_and_defaults_stay(scene: Scene, voice: VoiceProfile) -> None:
    await scene.ann.click((await replace(scene)).response, label=SAVE)
    replaced = await stored(scene)
    for kept in ("name", "owner_id", "language", "exaggeration", "seed", "created_at"):
        assert getattr(replaced, kept) == getattr(voice, kept)
    default = await scene.world.choices.guild_default(scene.guild.id)
    assert default is not None
    assert default.id == voice.id


async def test_the_answer_says_how_long_the_former_recording_can_be_brought_back(
    scene: Scene, voice: VoiceProfile
) -> None:
    card = await replace(scene)
    await scene.ann.click(card.response, label=SAVE)
    assert card.response is not None
    assert card.response.components == []
    text = card.response.embeds[0].description or ""
    assert "/voice restore brings the former recording back for 7 days" in as_read(text)
    until = (await stored(scene)).former_until
    assert until is not None
    assert f"<t:{int(until.timestamp())}:f>" in text


async def test_discard_replaces_nothing(scene: Scene, voice: VoiceProfile) -> None:
    card = await replace(scene)
    await scene.ann.click(card.response, label="Discard")
    assert "Nothing was stored" in content(card)
    assert await stored(scene) == voice


async def test_who_manages_the_server_has_no_members_voice_say_what_they_recorded(
    scene: Scene, voice: VoiceProfile
) -> None:
    for command, options in (("replace", {"sample": FILE}), ("restore", {})):
        refused = await scene.mo.slash(scene.channel, f"voice {command}", voice="Ann", **options)
        assert "Only its owner can choose the recording of “Ann”" in content(refused)
        assert "/voice pause" in as_read(content(refused))
    assert await stored(scene) == voice


async def test_who_manages_the_server_may_replace_a_voice_that_is_nobodys(scene: Scene) -> None:
    hall = await scene.world.add_voice("Hall", scene.guild.id)
    card = await scene.mo.slash(scene.channel, "voice replace", voice="Hall", sample=FILE)
    await scene.mo.click(card.response, label=SAVE)
    [replaced] = await scene.world.store.list_voices(scene.guild.id)
    assert replaced.clip_sha256 != hall.clip_sha256
    assert (replaced.owner_id, replaced.consented_by) == (None, scene.mo.id)


@pytest.mark.usefixtures("voice")
async def test_a_voice_of_another_member_is_refused_before_the_download(scene: Scene) -> None:
    result = await scene.ben.slash(scene.channel, "voice replace", voice="Ann", sample=FILE)
    assert "is not yours" in content(result)
    assert scene.world.media.uploads == []


async def test_an_operators_voice_is_refused_before_the_download(scene: Scene) -> None:
    await scene.world.add_voice("Narrator", OPERATOR_GUILD_ID)
    result = await scene.mo.slash(scene.channel, "voice replace", voice="Narrator", sample=FILE)
    assert "belongs to my operator" in content(result)
    assert scene.world.media.uploads == []


@pytest.mark.usefixtures("voice")
async def test_what_is_no_recording_is_refused_as_by_enroll(scene: Scene) -> None:
    result = await replace(scene, sample=("cat.png", b"PNG"))
    assert "no recording" in content(result)
    assert scene.world.media.uploads == []


async def test_a_recording_without_a_voice_replaces_nothing_and_has_no_buttons(
    scene: Scene, voice: VoiceProfile
) -> None:
    finding = Finding("no_speech", "No speech was found.", "Record 10 to 20 seconds of speech.")
    report = make_report("rejected", finding)
    scene.world.media.outcome = SampleRejectedError("No speech.", report, make_picture())
    card = (await replace(scene)).response
    assert card is not None
    assert card.components == []
    assert card.embeds[0].fields[0].name == finding.reason
    assert await stored(scene) == voice


async def test_a_voice_deleted_before_save_is_told_and_the_sample_forgotten(
    scene: Scene, voice: VoiceProfile
) -> None:
    card = await replace(scene)
    await scene.world.store.delete(voice.id)
    await scene.ann.click(card.response, label=SAVE)
    assert content(card) == DELETED
    assert card.response is not None
    assert card.response.components == []
    assert len(scene.world.bot.get_cog("Enrolment").cards) == 0


@pytest.mark.usefixtures("voice")
async def test_a_card_of_replace_makes_room_for_one_of_enroll(scene: Scene) -> None:
    first = await replace(scene)
    await scene.ann.slash(scene.channel, "enroll", sample=FILE, name="Ann B.")
    assert "Replaced by the card" in content(first)


# /voice restore


async def restore(scene: Scene) -> str:
    return content(await scene.ann.slash(scene.channel, "voice restore", voice="Ann"))


async def test_restore_brings_the_former_recording_back_and_says_how_to_undo_it(
    scene: Scene, voice: VoiceProfile
) -> None:
    await scene.ann.click((await replace(scene)).response, label=SAVE)
    result = await scene.ann.slash(scene.channel, "voice restore", voice="Ann")
    assert result.ephemeral
    restored = await stored(scene)
    assert restored.clip_sha256 == voice.clip_sha256
    assert (restored.pitch_hz, restored.exaggeration) == (voice.pitch_hz, 1.5)
    assert restored.former_until is not None
    assert as_read(content(result)) == (
        "“Ann” has its former recording again (0.1 s). To undo that, use /voice restore once "
        f"more, until <t:{int(restored.former_until.timestamp())}:f>."
    )


@pytest.mark.usefixtures("voice")
async def test_a_second_restore_undoes_the_first(scene: Scene) -> None:
    await scene.ann.click((await replace(scene)).response, label=SAVE)
    await restore(scene)
    await restore(scene)
    assert (await stored(scene)).clip_sha256 == NEW.sha256


async def test_without_a_former_recording_restore_says_so(
    scene: Scene, voice: VoiceProfile
) -> None:
    assert "no earlier recording of “Ann”" in await restore(scene)
    assert await stored(scene) == voice


async def test_a_recording_whose_time_is_over_does_not_come_back(
    scene: Scene, voice: VoiceProfile
) -> None:
    long_ago = datetime.now(UTC) - KEPT_FOR
    await scene.world.store.replace(voice.id, NEW, pitch_hz=None, quality=None, now=long_ago)
    assert "no earlier recording" in await restore(scene)
    assert (await stored(scene)).clip_sha256 == NEW.sha256


async def test_another_members_voice_cannot_be_restored(scene: Scene, voice: VoiceProfile) -> None:
    await scene.ann.click((await replace(scene)).response, label=SAVE)
    refused = await scene.ben.slash(scene.channel, "voice restore", voice="Ann")
    assert "is not yours" in content(refused)
    assert (await stored(scene)).clip_sha256 == NEW.sha256


@pytest.mark.usefixtures("voice")
@pytest.mark.parametrize("command", ["voice replace", "voice restore"])
async def test_only_voices_that_one_may_change_are_offered(scene: Scene, command: str) -> None:
    await scene.world.add_voice("Andy", scene.guild.id, scene.ben.id)
    for member, expected in ((scene.ann, ["Ann"]), (scene.mo, ["Andy", "Ann"])):
        offered = await member.autocomplete(scene.channel, command, "voice", "an")
        assert [choice["value"] for choice in offered] == expected


@pytest.mark.usefixtures("voice")
async def test_restore_says_that_the_former_recording_is_too_short(scene: Scene) -> None:
    await scene.ann.click((await replace(scene)).response, label=SAVE)
    scene.world.engine.model = "nano"
    assert "It cannot speak: its recording has 0.1 s, and the nano model" in await restore(scene)
