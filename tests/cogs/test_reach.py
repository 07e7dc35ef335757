"""Who may speak as a voice, wherever speech begins, and while texts wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

import cogs.permissions
from loopback import wait_until
from storage.reach import ReachStore
from storage.types import Reach, VoiceProfile
from storage.voices import VoiceStore
from tests.cogs.calls import ready, say
from tests.cogs.conftest import Scene, as_read, content
from tests.cogs.panels import open_panel
from tests.cogs.test_enrolment import SAVE

pytestmark = pytest.mark.usefixtures("texts_wait")

NOT_SHARED = "is not shared with you"


async def bens(scene: Scene, reach: Reach = "owner", name: str = "Bens") -> VoiceProfile:
    return await scene.world.add_voice(name, scene.guild.id, scene.ben.id, reach=reach)


async def use(scene: Scene, who: MemberActor, command: str, **options: Any) -> InteractionResult:
    return await who.slash(scene.channel, command, **options)


def waiting(scene: Scene) -> list[str]:
    player = scene.world.bot.services.voice.player(scene.guild.id)
    return [entry.voice_name for entry in player.snapshot()]


USES: dict[str, Callable[[Scene, MemberActor], Awaitable[InteractionResult]]] = {
    "say": lambda scene, who: use(scene, who, "say", text="Hi.", voice="Bens"),
    "file": lambda scene, who: use(scene, who, "say", text="Hi.", voice="Bens", file=True),
    "preview": lambda scene, who: use(scene, who, "voice preview", voice="Bens"),
    "default": lambda scene, who: use(scene, who, "voice default", voice="Bens"),
    "hear": lambda scene, who: use(
        scene, who, "dictionary hear", written="brb", spoken="be right back", voice="Bens"
    ),
}


@pytest.mark.parametrize("way", USES)
async def test_a_voice_that_is_not_shared_is_refused_wherever_speech_begins(
    scene: Scene, lounge: ChannelHandle, way: str
) -> None:
    await ready(scene, lounge, scene.ann, scene.mo)
    await bens(scene)
    for stranger in (scene.ann, scene.mo):  # Manage Server does not help
        assert NOT_SHARED in content(await USES[way](scene, stranger))
    assert scene.world.engine.requests == []


@pytest.mark.parametrize("way", USES)
async def test_a_paused_voice_is_refused_even_to_its_owner(
    scene: Scene, lounge: ChannelHandle, way: str
) -> None:
    await ready(scene, lounge, scene.ben)
    await bens(scene, "everybody")
    await use(scene, scene.ben, "voice pause", voice="Bens")
    told = as_read(content(await USES[way](scene, scene.ben)))
    assert "is paused by its owner" in told
    assert "/voice resume takes that back" in told
    assert scene.world.engine.requests == []


async def test_what_may_not_be_used_is_not_offered(scene: Scene) -> None:
    private, shared = await bens(scene), await bens(scene, "everybody", "Bens too")

    async def offered(who: MemberActor) -> list[str]:
        choices = await who.autocomplete(scene.channel, "say", "voice", "be")
        return [choice["value"] for choice in choices]

    assert await offered(scene.ann) == await offered(scene.mo) == ["Bens too"]
    assert await offered(scene.ben) == ["Bens", "Bens too"]
    await use(scene, scene.ben, "voice block", member=scene.ann)
    assert await offered(scene.ann) == []
    panel = await open_panel(scene, scene.mo, "settings")
    await panel.open("default_voice")
    options = [option["value"] for option in panel.control("value")["options"]]
    assert str(shared.id) in options
    assert str(private.id) not in options


async def test_a_members_own_menu_offers_what_they_may_use(scene: Scene) -> None:
    private, shared = await bens(scene), await bens(scene, "everybody", "Bens too")
    panel = await open_panel(scene, scene.ann, "me")
    await panel.open("default_voice")
    options = [option["value"] for option in panel.control("value")["options"]]
    assert str(shared.id) in options
    assert str(private.id) not in options
    await use(scene, scene.ben, "voice block", member=scene.ann)
    await panel.choose("value", str(shared.id))  # from before the block
    assert NOT_SHARED in panel.text


async def test_only_what_is_everybodys_speaks_for_the_server(scene: Scene) -> None:
    await bens(scene)
    refused = await use(scene, scene.mo, "voice default", voice="Bens", server=True)
    assert "is not everybody's here" in content(refused)


async def test_the_servers_default_stops_speaking_for_others_when_its_reach_shrinks(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await scene.ann.join_voice(lounge)
    await bens(scene, "everybody")
    await use(scene, scene.mo, "voice default", voice="Bens", server=True)
    assert "as “Bens”" in content(await say(scene))
    panel = await open_panel(scene, scene.ben, "voice share", voice="Bens")
    await panel.choose("reach", "owner")
    assert NOT_SHARED in content(await say(scene))
    panel = await open_panel(scene, scene.mo, "settings")
    await panel.open("default_voice")
    assert "There is no voice that is everybody's here" in panel.text
    await bens(scene, "everybody", "Bens too")
    await panel.press("back")
    await panel.open("default_voice")
    assert "not everybody's any more, so it speaks for nobody else" in panel.text
    await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    assert "as “Ann”" in content(await say(scene))


async def test_a_choice_that_may_be_used_no_more_is_passed_over(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    await bens(scene, "everybody")
    await use(scene, scene.ann, "voice default", voice="Bens")
    assert "as “Bens”" in content(await say(scene))
    await use(scene, scene.ben, "voice pause", voice="Bens")
    assert "as “Ann”" in content(await say(scene))
    panel = await open_panel(scene, scene.ann, "me")
    await panel.open("default_voice")
    assert "is paused by its owner" in panel.text
    helped = (await use(scene, scene.ann, "help")).response
    assert helped is not None
    assert "“Ann” speaks for you" in str([field.value for field in helped.embeds[0].fields])


async def shrink(scene: Scene) -> None:
    panel = await open_panel(scene, scene.ben, "voice share", voice="Bens")
    await panel.choose("reach", "owner")


async def block(scene: Scene) -> None:
    await use(scene, scene.ben, "voice block", member=scene.ann)


async def pause(scene: Scene) -> None:
    await use(scene, scene.mo, "voice pause", voice="Bens")


@pytest.mark.parametrize(
    ("change", "told", "left"),
    [
        (shrink, NOT_SHARED, ["Bens", "Ann"]),
        (block, NOT_SHARED, ["Bens", "Ann"]),
        (pause, "The voice was paused", ["Ann"]),
    ],
)
async def test_texts_that_wait_are_ended_and_their_askers_told_why(
    scene: Scene,
    lounge: ChannelHandle,
    change: Callable[[Scene], Awaitable[None]],
    told: str,
    left: list[str],
) -> None:
    await ready(scene, lounge, scene.ann, scene.ben)
    await bens(scene, "everybody")
    texts = [await say(scene, voice="Bens"), await say(scene, voice="Bens")]
    await use(scene, scene.ben, "say", text="Mine.", voice="Bens")
    kept = await say(scene, voice="Ann")
    await change(scene)
    await scene.env.settle()
    assert waiting(scene) == left
    assert all(told in content(text) for text in texts)
    assert told not in content(kept)


async def test_what_another_process_changes_ends_what_waits(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    voice = await bens(scene, "everybody")
    await say(scene, voice="Bens")
    async with scene.world.commits.running():
        async with VoiceStore.open(scene.world.store.clip_path(voice).parents[1]) as other:
            await ReachStore.beside(other).pause(voice.id, by="admin")
        await wait_until(lambda: waiting(scene) == [], 10, "the pause to be noticed")


async def test_a_preview_that_was_made_while_its_voice_was_paused_is_not_shown(
    scene: Scene, lounge: ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = await bens(scene, "everybody")
    made = scene.world.media.run

    async def pause_meanwhile(function: Callable[..., Any], *args: Any) -> Any:
        await scene.world.bot.services.reach.pause(voice.id, by="admin")
        return await made(function, *args)

    monkeypatch.setattr(scene.world.media, "run", pause_meanwhile)
    answer = await use(scene, scene.ann, "voice preview", voice="Bens")
    assert "is paused" in content(answer)
    assert answer.response is not None
    assert answer.response.attachments == []


async def test_a_role_that_was_taken_away_is_noticed(
    scene: Scene, lounge: ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cogs.permissions, "KNOWN_SECONDS", -1.0)
    role = scene.guild.create_role("Friends")
    zoe = scene.guild.add_member(scene.env.create_user("zoe"), roles=[role])
    await ready(scene, lounge, zoe)
    voice = await bens(scene, "named")
    panel = await open_panel(scene, scene.ben, "voice share", voice="Bens")
    await panel.choose("roles", role)
    said = await use(scene, zoe, "say", text="As a friend.", voice="Bens")
    assert "zoe** speaks as “Bens”" in content(said)
    real: Any = scene.world.bot.get_guild(scene.guild.id)
    await (await real.fetch_member(zoe.id)).remove_roles(real.get_role(role.id))
    player = scene.world.bot.services.voice.player(scene.guild.id)
    await player.ask_again(voice.id)
    await scene.env.settle()
    assert waiting(scene) == []
    assert NOT_SHARED in content(said)


async def test_both_menus_ask_whether_the_asker_may(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    await bens(scene)
    await scene.ben.join_voice(lounge)
    message = await scene.ben.send(scene.channel, "Of Ben.")
    refused = await scene.ann.context_menu(scene.channel, "Speak this as its author", message)
    assert NOT_SHARED in content(refused)
    spoken = await scene.ann.context_menu(scene.channel, "Speak this", message)
    assert "as “Ann”" in content(spoken)


async def test_a_saved_voice_is_for_whom_the_server_says(scene: Scene) -> None:
    for reach, told in (("owner", "Only you can"), ("everybody", "Everybody here can")):
        await scene.world.settings.change_guild(
            scene.guild.id, "default_reach", reach, changed_by=None
        )
        shown = await use(scene, scene.ann, "enroll", sample=("a.m4a", b"a"), name=f"Ann {reach}")
        await scene.ann.click(shown.response, label=SAVE)
        assert shown.response is not None
        assert told in as_read(shown.response.embeds[0].description or "")
        voice = await scene.world.store.find(scene.guild.id, f"Ann {reach}")
        assert voice.reach == reach
