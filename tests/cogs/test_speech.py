"""/say. What is heard is tested on the wire."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from simcord.builders import ChannelHandle

from bot.errors import EngineDeadError
from bot.speech.types import VoiceSettings
from cogs.speech import MAX_TEXT
from storage.errors import StorageError
from tests.cogs.calls import permit, ready, say
from tests.cogs.conftest import Scene, as_read, content

pytestmark = pytest.mark.usefixtures("voice_client")


async def test_the_answer_names_speaker_voice_and_place(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    result = await say(scene)
    assert result.ephemeral
    assert content(result) == "**ann** speaks as “Ann”, right away."


async def test_it_speaks_in_the_members_channel(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    await say(scene)
    assert scene.guild.voice_states()[scene.env.backend.bot_user.id].channel_id == lounge.id
    (request,) = scene.world.engine.requests
    assert request.text == "Hello there."


async def test_it_speaks_as_the_voice_is_tuned(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    voice = await scene.world.store.find(scene.guild.id, "Ann")
    settings = VoiceSettings(exaggeration=1.5)
    await scene.world.store.tune(
        voice.id, **asdict(settings), language=None, speed=None, volume_db=None
    )
    await say(scene)
    (request,) = scene.world.engine.requests
    assert request.settings == settings


async def test_a_text_has_settings_of_its_own(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    voice = await scene.world.store.find(scene.guild.id, "Ann")
    tuned = VoiceSettings(exaggeration=1.5, temperature=0.6)
    await scene.world.store.tune(
        voice.id, **asdict(tuned), language="en", speed=None, volume_db=None
    )
    await say(scene, temperature=0.9, seed=3, language="de")
    (request,) = scene.world.engine.requests
    assert request.settings == VoiceSettings(exaggeration=1.5, temperature=0.9, seed=3)
    assert request.language == "de"


@pytest.mark.parametrize("tuned", [False, True])
async def test_what_takes_cost_is_told(scene: Scene, lounge: ChannelHandle, tuned: bool) -> None:
    scene.world.engine.slots = 4
    await ready(scene, lounge, scene.ann)
    voice = await scene.world.store.find(scene.guild.id, "Ann")
    takes = VoiceSettings(takes=3)
    if tuned:
        await scene.world.store.tune(
            voice.id, **asdict(takes), language=None, speed=None, volume_db=None
        )
    answer = content(await say(scene, **({} if tuned else {"takes": 3})))
    assert "\n-# 3 takes of a sentence need 3 of the engine's 4 places and take longer" in answer


async def test_a_recording_too_short_for_the_model_is_refused_at_once(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    scene.world.engine.model = "nano"
    answer = content(await say(scene))
    assert answer.startswith("“Ann” cannot speak: its recording has 0.1 s, and the nano model")
    assert scene.world.engine.requests == []


@pytest.mark.usefixtures("texts_wait")
async def test_place_and_time_in_the_queue_are_told(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    await say(scene)
    assert "after one text, in about 1 s" in content(await say(scene))
    assert "after 2 texts" in content(await say(scene))


@pytest.mark.usefixtures("texts_wait")
async def test_a_full_queue_is_a_clear_answer(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    answers = [content(await say(scene)) for _ in range(6)]
    assert "5 texts of yours are waiting" in answers[-1]


async def test_without_any_voice_it_hints_at_enroll(scene: Scene, lounge: ChannelHandle) -> None:
    await scene.ann.join_voice(lounge)
    assert "Make one with /enroll" in as_read(content(await say(scene)))


async def test_the_named_voice_comes_before_ones_own(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    await scene.world.add_voice("Narrator", 0)
    assert "speaks as “Narrator”" in content(await say(scene, voice="narrator"))


async def test_a_voice_that_does_not_exist_suggests_one_that_is_close(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    assert "Did you mean “Ann”?" in content(await say(scene, voice="Anne"))


async def test_voices_of_the_guild_and_of_the_operator_are_offered(
    scene: Scene, lounge: ChannelHandle
) -> None:
    for name, guild_id in (("Ann", scene.guild.id), ("Anchor", 0), ("Anna", 999), ("Ben", 0)):
        await scene.world.add_voice(name, guild_id)
    offered = await scene.ann.autocomplete(scene.channel, "say", "voice", "an", text="Hi")
    assert offered == [
        {"name": "Ann", "value": "Ann"},
        {"name": "Anchor (shared)", "value": "Anchor"},
    ]


async def test_a_damaged_voice_cannot_speak(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    (voice,) = await scene.world.store.list_voices(scene.guild.id)
    scene.world.store.clip_path(voice).unlink()
    await scene.world.store.check()
    assert "is damaged" in content(await say(scene))


async def test_a_member_outside_voice_channels_is_asked_to_join_one(scene: Scene) -> None:
    await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    assert "Join a voice channel first" in content(await say(scene))


@pytest.mark.parametrize(
    ("denied", "answer"), [("connect", "may not join"), ("speak", "may not speak")]
)
async def test_a_missing_permission_is_named_before_connecting(
    scene: Scene, lounge: ChannelHandle, denied: str, answer: str
) -> None:
    await ready(scene, lounge, scene.ann)
    await permit(scene, "bot", lounge, **{denied: False})
    assert answer in content(await say(scene))


async def test_a_full_channel_is_named_before_connecting(scene: Scene) -> None:
    small = scene.guild.create_voice_channel("Small", user_limit=1)
    await ready(scene, small, scene.ann)
    await permit(scene, "bot", small, move_members=False)  # which would let it in all the same
    assert "is full" in content(await say(scene))


@pytest.mark.usefixtures("texts_wait")
async def test_it_stays_with_those_it_is_speaking_to(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    await say(scene)
    elsewhere = scene.guild.create_voice_channel("Elsewhere")
    await scene.ben.join_voice(elsewhere)
    result = await scene.ben.slash(scene.channel, "say", text="Hi all", voice="Ann")
    assert f"I am speaking in <#{lounge.id}>" in content(result)


async def test_it_says_that_the_engine_is_still_loading(
    scene: Scene, lounge: ChannelHandle
) -> None:
    scene.world.engine.ready = scene.world.engine.loaded_before = False
    await ready(scene, lounge, scene.ann)
    assert "still loading" in content(await say(scene))


async def test_it_says_that_the_engine_is_starting_again(
    scene: Scene, lounge: ChannelHandle
) -> None:
    scene.world.engine.ready = False
    await ready(scene, lounge, scene.ann)
    assert "The voice engine is starting again" in content(await say(scene))


async def test_a_use_that_cannot_be_counted_fails_nothing(
    scene: Scene, lounge: ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_voice_id: int) -> None:
        raise StorageError("The disk is full.")

    await ready(scene, lounge, scene.ann)
    monkeypatch.setattr(scene.world.store, "mark_used", refuse)
    result = await say(scene)
    assert content(result) == "**ann** speaks as “Ann”, right away."
    assert len(scene.world.engine.requests) == 1


async def test_it_says_that_an_engine_does_not_clone(scene: Scene, lounge: ChannelHandle) -> None:
    scene.world.engine.clones = False
    await ready(scene, lounge, scene.ann)
    assert "A preview" in content(await say(scene))


async def test_an_engine_out_of_order_is_told_in_the_same_answer(
    scene: Scene, lounge: ChannelHandle, log_lines: list[Any]
) -> None:
    scene.world.engine.failure = EngineDeadError("CUDA error: device-side assert")
    await ready(scene, lounge, scene.ann)
    result = await say(scene)
    await scene.env.settle()
    assert "The voice engine is out of order" in content(result)
    assert "CUDA" not in content(result)
    (line,) = [line for line in log_lines if line["log_level"] == "error"]
    assert "CUDA" in line["error"]
    log_lines.remove(line)


async def test_text_without_a_letter_is_refused(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    assert "nothing to say" in content(await say(scene, "?!"))


async def test_600_characters_can_be_said(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    text = ("All sorts of words. " * 30)[:MAX_TEXT]
    assert len(text) == MAX_TEXT
    assert "right away" in content(await say(scene, text))


async def test_a_use_of_the_voice_is_counted(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    await say(scene)
    (voice,) = await scene.world.store.list_voices(scene.guild.id)
    assert voice.use_count == 1
