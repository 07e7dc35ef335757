"""A server may ask for more than a click before somebody's voice is there."""

from __future__ import annotations

import pytest
from simcord.builders import ChannelHandle

from tests.cogs.conftest import Scene, as_read, content
from tests.cogs.ear import Ear
from tests.cogs.live import enrol_live, live_sample
from tests.cogs.test_enrolment import FILE, SAVE, enrol, stored
from tests.cogs.test_live_enrolment import record
from tests.cogs.test_own_message import choose, named, sent


@pytest.fixture(autouse=True)
def recognises(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("recognition", "minimum"):
        monkeypatch.setattr(f"bot.consent.{module}.installed", lambda: True)


async def demand(scene: Scene, level: str) -> None:
    await scene.world.settings.change_guild(scene.guild.id, "minimum_level", level, changed_by=1)


async def test_a_file_is_refused_before_it_is_downloaded_and_the_ways_left_are_named(
    scene: Scene,
) -> None:
    await demand(scene, "own message")
    told = as_read(content(await enrol(scene)))
    assert "Make this my voice" in told
    assert "/enroll" in told
    assert scene.world.media.uploads == []


async def test_a_voice_message_is_enough_where_one_is_asked_for(scene: Scene) -> None:
    await demand(scene, "own message")
    card = await named(scene)
    await scene.ann.click(card.response, label=SAVE)
    assert await stored(scene) == ["Ann"]


async def test_a_voice_message_is_not_enough_where_voices_are_recorded_live(scene: Scene) -> None:
    await demand(scene, "live")
    refused = await choose(scene, await sent(scene, scene.ann))
    assert "recorded live" in content(refused)


async def test_it_is_asked_again_when_save_is_pressed(scene: Scene) -> None:
    card = await enrol(scene)
    await demand(scene, "live")
    refused = await scene.ann.click(card.response, label=SAVE)
    assert "recorded live" in content(refused)
    assert await stored(scene) == []
    await demand(scene, "declared")
    await scene.ann.click(card.response, label=SAVE)
    assert await stored(scene) == ["Ann"]


async def test_a_replacement_needs_it_too(scene: Scene) -> None:
    await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id, level="spoken")
    await demand(scene, "live")
    refused = await scene.ann.slash(scene.channel, "voice replace", voice="Ann", sample=FILE)
    assert "/voice replace" in as_read(content(refused))


async def test_a_recording_that_proves_less_does_not_come_back(scene: Scene) -> None:
    voice = await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id, level="declared")
    clip = await scene.world.store.load_clip(voice)
    await scene.world.store.replace(
        voice.id, type(clip)(clip.samples[:-1]), pitch_hz=None, quality=None, level="spoken"
    )
    await demand(scene, "live")
    refused = await scene.ann.slash(scene.channel, "voice restore", voice="Ann")
    assert "recorded live" in content(refused)
    await demand(scene, "declared")
    await scene.ann.slash(scene.channel, "voice restore", voice="Ann")
    assert (await scene.world.store.get(voice.id)).level == "declared"


@pytest.mark.usefixtures("voice_client")
@pytest.mark.parametrize("heard", [4, 2])
async def test_where_words_must_be_heard_they_decide(
    scene: Scene, ear: Ear, lounge: ChannelHandle, heard: int
) -> None:
    await demand(scene, "spoken")
    scene.world.media.heard = lambda asked: live_sample(asked, heard)
    card = await enrol_live(scene, lounge)
    await record(scene, ear, card)
    pressed = await scene.ann.click(card.response, label=SAVE)
    assert await stored(scene) == (["Ann"] if heard == 4 else [])
    assert ("Record again" in content(pressed)) is (heard == 2)
