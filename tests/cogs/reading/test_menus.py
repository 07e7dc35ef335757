""" "Speak this" and "Speak this as its author"."""

from __future__ import annotations

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from tests.cogs.calls import ready, say
from tests.cogs.conftest import Scene, as_read, content
from tests.cogs.reading.conftest import spoken

pytestmark = pytest.mark.usefixtures("voice_client")

OWN, AUTHORS = "Speak this", "Speak this as its author"


@pytest.fixture
def message_content() -> bool:
    return False  # the menus need no intent


async def speak(
    scene: Scene, by: MemberActor, name: str, text: str = "Hello there."
) -> InteractionResult:
    """Have a message of Ben's spoken."""
    message = await scene.ben.send(scene.channel, text)
    return await by.context_menu(scene.channel, name, message)


async def clip_of(scene: Scene, name: str) -> str:
    return (await scene.world.store.find(scene.guild.id, name)).clip_sha256


@pytest.mark.parametrize(
    ("menu", "voice", "said"),
    [(OWN, "Ann", "ben says: Hello there."), (AUTHORS, "Ben", "Hello there.")],
)
async def test_a_message_is_spoken_in_ones_own_voice_or_its_authors(
    scene: Scene, lounge: ChannelHandle, menu: str, voice: str, said: str
) -> None:
    await ready(scene, lounge, scene.ann, scene.ben)
    result = await speak(scene, scene.ann, menu)
    assert result.ephemeral
    assert content(result) == f"**ann** speaks as “{voice}”, right away."
    (request,) = scene.world.engine.requests
    assert request.text == said
    assert request.voice.clip_sha256 == await clip_of(scene, voice)
    assert (await scene.world.store.find(scene.guild.id, voice)).use_count == 1


@pytest.mark.parametrize(("menu", "speed"), [(OWN, 1.5), (AUTHORS, 0.8)])
async def test_it_is_as_fast_as_whoever_the_voice_speaks_for_wishes(
    scene: Scene, lounge: ChannelHandle, menu: str, speed: float
) -> None:
    await ready(scene, lounge, scene.ann, scene.ben)
    for member, wished in ((scene.ann, 1.5), (scene.ben, 0.8)):
        await scene.world.settings.change_member(scene.guild.id, member.id, "speed", wished)
    await speak(scene, scene.ann, menu)
    (request,) = scene.world.engine.requests
    assert request.delivery.speed == speed


@pytest.mark.usefixtures("texts_wait")
async def test_it_is_as_urgent_as_say_and_the_askers_own(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann, scene.ben)
    await speak(scene, scene.ann, AUTHORS)
    player = scene.world.bot.services.voice.player(scene.guild.id)
    (entry,) = player.snapshot()
    assert (entry.member_id, entry.rank.name) == (scene.ann.id, "SAY")
    assert content(await scene.ann.slash(scene.channel, "skip")) == "Skipped."


async def test_who_is_in_no_voice_channel_is_asked_to_join_one(scene: Scene) -> None:
    assert "Join a voice channel first" in content(await speak(scene, scene.ann, OWN))


async def test_who_has_no_voice_is_told(scene: Scene, lounge: ChannelHandle) -> None:
    await scene.ann.join_voice(lounge)
    answer = as_read(content(await speak(scene, scene.ann, OWN)))
    assert answer == "You have no voice here yet. Make one with /enroll."
    answer = content(await speak(scene, scene.ann, AUTHORS))
    assert answer == "I do not speak that: there is no voice for its author."


async def test_who_does_not_want_to_be_read_is_not(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann, scene.ben)
    await scene.world.settings.change_member(scene.guild.id, scene.ben.id, "be_read", False)
    for menu in (OWN, AUTHORS):
        answer = content(await speak(scene, scene.ann, menu))
        assert answer == "I do not speak that: its author does not want to be read."
    assert spoken(scene) == []


async def test_the_voices_of_others_may_take_a_role(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann, scene.ben)
    role = scene.guild.create_role("Actors")
    settings = scene.world.settings
    await settings.change_guild(scene.guild.id, "others_voices_roles", [role.id], changed_by=None)
    refused = content(await speak(scene, scene.ann, AUTHORS))
    assert f"<@&{role.id}>" in refused
    assert "right away" in content(await speak(scene, scene.ann, OWN))


async def test_texts_of_a_minute_are_counted_with_say(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann, scene.ben)
    settings = scene.world.settings
    await settings.change_guild(scene.guild.id, "says_per_minute", 1, changed_by=None)
    await speak(scene, scene.ann, OWN)
    assert "in a minute" in content(await speak(scene, scene.ann, OWN))


async def test_a_message_without_a_word_is_refused(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann, scene.ben)
    answer = content(await speak(scene, scene.ann, OWN, "?!"))
    assert answer == "I do not speak that: there is nothing to say in it."


async def test_what_no_member_wrote_is_refused(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    channel = scene.world.bot.get_channel(scene.channel.id)
    message = await channel.send("I am a bot.")  # type: ignore[union-attr]
    result = await scene.ann.context_menu(scene.channel, OWN, message)
    assert "what members wrote" in content(result)


async def test_who_is_blocked_is_refused(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann, scene.ben)
    settings, ann = scene.world.settings, scene.ann.id
    await settings.change_guild(scene.guild.id, "blocked_members", [ann], changed_by=None)
    for menu in (OWN, AUTHORS):
        assert "You are blocked" in content(await speak(scene, scene.ann, menu))


@pytest.mark.usefixtures("texts_wait")
async def test_who_asks_is_told_that_the_voice_was_deleted(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann, scene.ben)
    await say(scene, "Said first.")
    asked = await speak(scene, scene.ann, AUTHORS)
    question = await scene.ben.slash(scene.channel, "voice delete", voice="Ben")
    await scene.ben.click(question.response, label="Delete for good")
    await scene.env.settle()
    assert content(asked).endswith("The voice was deleted, so nothing more is said in it.")
