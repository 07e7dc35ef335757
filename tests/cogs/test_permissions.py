"""What admins allow, as members meet it: each refusal says what to do, and /settings stays open."""

from __future__ import annotations

from typing import Any

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from bot.errors import UserError
from bot.speech.desk import SpeechDesk
from bot.speech.service import Utterance
from storage.dictionary import Entry, Owner
from tests.cogs.calls import ready, say
from tests.cogs.conftest import Scene, as_read, content
from tests.cogs.test_enrolment import SAVE, enrol, stored

pytestmark = pytest.mark.usefixtures("voice_client")


async def allow(scene: Scene, **settings: Any) -> None:
    for key, value in settings.items():
        await scene.world.settings.change_guild(scene.guild.id, key, value, changed_by=scene.mo.id)


def with_role(scene: Scene, name: str = "vip") -> tuple[MemberActor, int]:
    role = scene.guild.create_role(name.upper())
    return scene.guild.add_member(scene.env.create_user(name), roles=[role]), role.id


async def use(scene: Scene, member: MemberActor, command: str, **options: Any) -> InteractionResult:
    return await member.slash(scene.channel, command, **options)


async def test_only_the_chosen_roles_enrol(scene: Scene) -> None:
    vip, role = with_role(scene)
    await allow(scene, enrol_roles=(role,))
    refused = await enrol(scene)
    assert f"<@&{role}>" in content(refused)
    assert "Manage Server" in content(refused)
    assert scene.world.media.uploads == []
    shown = await vip.slash(scene.channel, "enroll", sample=("a.m4a", b"a"), name="Vip")
    await vip.click(shown.response, label=SAVE)
    assert await stored(scene) == ["Vip"]


async def test_a_card_does_not_outlive_the_right_to_save_it(scene: Scene) -> None:
    shown = await enrol(scene)
    await allow(scene, blocked_members=(scene.ann.id,))
    pressed = await scene.ann.click(shown.response, label=SAVE)
    assert "You are blocked" in content(pressed)
    assert await stored(scene) == []


async def test_a_recording_is_replaced_by_who_may_enrol(scene: Scene) -> None:
    await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    await allow(scene, enrol_roles=(with_role(scene)[1],))
    sample = ("a.m4a", b"a")
    refused = await use(scene, scene.ann, "voice replace", voice="Ann", sample=sample)
    assert "can enrol a voice here" in content(refused)
    await scene.world.add_voice("Mo", scene.guild.id, scene.mo.id)
    managed = await use(scene, scene.mo, "voice replace", voice="Mo", sample=sample)
    assert managed.response is not None
    assert managed.response.embeds


async def test_only_the_chosen_roles_have_texts_spoken(scene: Scene, lounge: ChannelHandle) -> None:
    vip, role = with_role(scene)
    await ready(scene, lounge, scene.ann, vip)
    await allow(scene, say_roles=(role,))
    assert f"can have me speak here: <@&{role}>" in content(await say(scene))
    assert scene.world.engine.requests == []
    answer = content(await use(scene, vip, "say", text="Hello."))
    assert answer.startswith("**vip** speaks as “Vip”")


@pytest.mark.parametrize("command", ["say", "join", "voice preview"])
async def test_who_is_blocked_is_told_who_can_change_that(
    scene: Scene, lounge: ChannelHandle, command: str
) -> None:
    await ready(scene, lounge, scene.ann)
    await allow(scene, blocked_members=(scene.ann.id,))
    options = {"say": {"text": "Hello."}, "voice preview": {"voice": "Ann"}}.get(command, {})
    told = content(await use(scene, scene.ann, command, **options))
    assert told.startswith("You are blocked from using me on this server.")
    assert "Manage Server" in told
    assert scene.world.engine.requests == []


@pytest.mark.parametrize(
    "command",
    [
        "leave",
        "skip",
        "stop",
        "read stop",
        "voice rename",
        "voice tune",
        "voice restore",
        "dictionary remove",
    ],
)
async def test_who_is_blocked_ends_and_changes_nothing(
    scene: Scene, lounge: ChannelHandle, command: str
) -> None:
    vip, role = with_role(scene)
    await ready(scene, lounge, vip)
    await use(scene, vip, "read start")
    await scene.world.dictionary.add(Owner(scene.guild.id), Entry("lol", "haha"), scene.mo.id)
    await allow(scene, dictionary_roles=(role,), blocked_members=(vip.id,))
    voice: dict[str, Any] = {"voice": "Vip", "name": "Rude"} if "rename" in command else {}
    voice = voice or ({"voice": "Vip"} if "voice" in command else {})
    entry: dict[str, Any] = {"written": "lol", "server": True} if "dict" in command else {}
    told = content(await use(scene, vip, command, **voice, **entry))
    assert told.startswith("You are blocked from using me on this server.")
    assert scene.world.bot.voice_clients
    assert await stored(scene) == ["Vip"]
    assert await scene.world.dictionary.entries(Owner(scene.guild.id))


async def test_who_is_blocked_deletes_their_voice_all_the_same(scene: Scene) -> None:
    await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    await allow(scene, blocked_members=(scene.ann.id,))
    question = await use(scene, scene.ann, "voice delete", voice="Ann")
    await scene.ann.click(question.response, label="Delete for good")
    assert await stored(scene) == []


async def test_voices_of_others_take_a_role(scene: Scene, lounge: ChannelHandle) -> None:
    vip, role = with_role(scene)
    await ready(scene, lounge, scene.ann, scene.ben, vip)
    shared = await scene.world.add_voice("Narrator", 0)
    await allow(scene, others_voices_roles=(role,))
    for command, options in (
        ("say", {"text": "Hello."}),
        ("voice preview", {}),
        ("voice default", {}),
    ):
        refused = content(await use(scene, scene.ann, command, voice="Ben", **options))
        assert f"can use the voices of others here: <@&{role}>" in refused
    assert content(await say(scene, voice="Ann")).startswith("**ann** speaks as “Ann”")
    assert "“Narrator”" in content(await say(scene, voice=shared.name))
    assert "“Ben”" in content(await use(scene, vip, "say", text="Hello.", voice="Ben"))


async def test_the_servers_default_voice_is_everybodys(scene: Scene, lounge: ChannelHandle) -> None:
    bens = await scene.world.add_voice("Ben", scene.guild.id, scene.ben.id)
    await allow(scene, others_voices_roles=(with_role(scene)[1],), default_voice=bens.id)
    await scene.ann.join_voice(lounge)
    assert "“Ben”" in content(await say(scene))


async def test_the_choices_while_typing_are_those_that_may_be_used(scene: Scene) -> None:
    for name, owner in (("Ann", scene.ann), ("Anton", scene.ben)):
        await scene.world.add_voice(name, scene.guild.id, owner.id)
    await scene.world.add_voice("Anchor", 0)

    async def offered(member: MemberActor) -> list[str]:
        choices = await member.autocomplete(scene.channel, "say", "voice", "an")
        return sorted(choice["value"] for choice in choices)

    assert await offered(scene.ann) == ["Anchor", "Ann", "Anton"]
    await allow(scene, others_voices_roles=(with_role(scene)[1],))
    assert await offered(scene.ann) == ["Anchor", "Ann"]
    assert await offered(scene.mo) == ["Anchor", "Ann", "Anton"]


async def test_only_the_chosen_text_channels_are_listened_to(
    scene: Scene, lounge: ChannelHandle
) -> None:
    bots = scene.guild.create_text_channel("bots")
    await ready(scene, lounge, scene.ann)
    await allow(scene, text_channels=(bots.id,))
    assert f"Use one of these: <#{bots.id}>." in content(await say(scene))
    answer = await scene.ann.slash(bots, "say", text="Hello.")
    assert content(answer).startswith("**ann** speaks as “Ann”")


@pytest.mark.parametrize("command", ["say", "join"])
async def test_only_the_chosen_voice_channels_are_spoken_in(
    scene: Scene, lounge: ChannelHandle, command: str
) -> None:
    hall = scene.guild.create_voice_channel("Hall")
    await ready(scene, lounge, scene.ann)
    await allow(scene, voice_channels=(hall.id,))
    options = {"text": "Hello."} if command == "say" else {}
    told = content(await use(scene, scene.ann, command, **options))
    assert told == f"I may not speak in <#{lounge.id}>. Join one of these: <#{hall.id}>."
    await scene.ann.join_voice(hall)
    assert "may not" not in content(await use(scene, scene.ann, command, **options))


async def test_a_minute_has_as_many_texts_as_the_server_says(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann, scene.ben)
    await allow(scene, says_per_minute=2)
    for _ in range(2):
        await say(scene)
    told = content(await say(scene))
    assert told.startswith("Here a member may have 2 texts spoken in a minute. Try again in ")
    assert "speaks as" in content(await use(scene, scene.ben, "say", text="Hello."))


async def test_before_each_sentence_it_is_asked_again_whether_the_member_may(
    scene: Scene, lounge: ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    utterances: list[Utterance] = []
    speak = SpeechDesk.speak

    def spy(desk: SpeechDesk, utterance: Utterance, *arguments: Any) -> Any:
        utterances.append(utterance)
        return speak(desk, utterance, *arguments)

    monkeypatch.setattr(SpeechDesk, "speak", spy)
    await ready(scene, lounge, scene.ann)
    await say(scene)
    look_up = utterances[0].current_voice
    assert look_up is not None
    assert (await look_up()).clip_path.exists()
    await allow(scene, blocked_members=(scene.ann.id,))
    with pytest.raises(UserError, match="You are blocked"):
        await look_up()


@pytest.mark.usefixtures("texts_wait")
async def test_what_waits_of_who_is_blocked_is_not_spoken_though_it_was_made_already(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann, scene.ben)
    await use(scene, scene.ben, "say", text="This is the first.")
    waits = await say(scene, "This waits.")
    assert len(scene.world.engine.requests) == 2
    await allow(scene, blocked_members=(scene.ann.id,))
    await scene.env.settle()
    await use(scene, scene.ben, "skip")
    assert "You are blocked" in content(waits)
    assert scene.world.bot.services.voice.player(scene.guild.id).snapshot() == ()


async def test_who_manages_the_server_is_never_locked_out_of_the_settings(scene: Scene) -> None:
    bots = scene.guild.create_text_channel("bots")
    await allow(
        scene,
        blocked_members=(scene.mo.id,),
        text_channels=(bots.id,),
        say_roles=(with_role(scene)[1],),
    )
    shown = await use(scene, scene.mo, "settings")
    assert shown.response is not None
    assert "You are blocked" not in content(shown)
    assert "cannot be used" not in content(shown)


async def test_looking_and_ones_own_settings_stay_open_everywhere(scene: Scene) -> None:
    bots = scene.guild.create_text_channel("bots")
    await allow(scene, text_channels=(bots.id,), blocked_members=(scene.ann.id,))
    for command in ("help", "voice list", "me", "queue"):
        assert "cannot be used" not in as_read(content(await use(scene, scene.ann, command)))


async def test_an_entry_is_heard_by_who_may_have_texts_spoken(scene: Scene) -> None:
    await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    await allow(scene, say_roles=(with_role(scene)[1],))
    refused = await use(scene, scene.ann, "dictionary hear", written="brb", spoken="be right back")
    assert "can have me speak here" in content(refused)
    assert scene.world.engine.requests == []
