"""What a changed client could send: others' buttons, ids of another server."""

from __future__ import annotations

from typing import Any

import pytest
import simcord.actors
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult, ResponseMessage

from storage.types import VoiceProfile
from tests.cogs.conftest import Scene, content
from tests.cogs.panels import open_panel
from tests.cogs.test_enrolment import enrol

OTHERS = "Only the member who used the command can press that."


@pytest.fixture
async def bens(scene: Scene) -> VoiceProfile:
    return await scene.world.add_voice("Ben", scene.guild.id, scene.ben.id, reach="owner")


@pytest.fixture
async def foreign(scene: Scene) -> VoiceProfile:
    """A voice of another server that the bot is on."""
    other = scene.env.create_guild("Other")
    eve = other.add_member(scene.env.create_user("eve"))
    return await scene.world.add_voice("Foreign", other.id, eve.id)


async def press(member: MemberActor, message: Any, data: dict[str, Any]) -> InteractionResult:
    """Press what the member's own client would not show or not let them press."""
    stored = member._env.backend.get_message(message.channel_id, message.id)
    return await simcord.actors._component_interaction(member, stored, data)


def controls(message: ResponseMessage) -> list[dict[str, Any]]:
    return [each for row in message.components for each in row["components"]]


async def shown(scene: Scene, what: str) -> ResponseMessage:
    """An answer with buttons that Ben alone sees."""
    match what:
        case "panel":
            result = await scene.ben.slash(scene.channel, "me")
        case "share" | "delete":
            result = await scene.ben.slash(scene.channel, f"voice {what}", voice="Ben")
        case "privacy":
            result = await scene.ben.slash(scene.channel, "privacy delete")
        case _:
            result = await scene.ben.slash(
                scene.channel, "enroll", sample=("a.m4a", b"a"), name="New"
            )
    assert result.response is not None
    return result.response


@pytest.mark.parametrize("what", ["panel", "share", "delete", "privacy", "enrolment"])
async def test_nobody_presses_what_another_was_shown(
    scene: Scene, bens: VoiceProfile, what: str
) -> None:
    message = await shown(scene, what)
    assert controls(message)
    for control in controls(message):
        data = {"custom_id": control["custom_id"], "component_type": control["type"]}
        if options := control.get("options"):
            data["values"] = [options[0]["value"]]
        for member in (scene.ann, scene.mo):
            assert content(await press(member, message, data)) == OTHERS
    assert [voice.name for voice in await scene.world.store.list_voices(scene.guild.id)] == ["Ben"]


async def test_a_voice_of_another_server_cannot_be_chosen_for_this_one(
    scene: Scene, bens: VoiceProfile, foreign: VoiceProfile
) -> None:
    await scene.world.add_voice("Everybody's", scene.guild.id, scene.ann.id)
    panel = await open_panel(scene, scene.mo)
    await panel.open("default_voice")
    menu = panel.control("value")
    data = {"custom_id": "value", "component_type": menu["type"], "values": [str(foreign.id)]}
    await press(scene.mo, panel.message, data)
    assert "Foreign" not in panel.text
    assert (await scene.world.settings.guild(scene.guild.id)).default_voice is None


@pytest.mark.parametrize("command", ["say", "voice info", "voice share", "voice pause"])
async def test_the_number_of_a_voice_is_no_name_of_it(
    scene: Scene, foreign: VoiceProfile, lounge: ChannelHandle, command: str
) -> None:
    await scene.ann.join_voice(lounge)
    text = {"text": "Hello."} if command == "say" else {}
    told = await scene.ann.slash(scene.channel, command, voice=str(foreign.id), **text)
    assert "There is no voice named" in content(told)


async def test_a_voice_is_shared_with_no_role_of_another_server(scene: Scene) -> None:
    voice = await scene.world.add_voice("Ben", scene.guild.id, scene.ben.id, reach="named")
    message = await shown(scene, "share")
    menus = [each for each in controls(message) if each.get("type") == 6]
    assert menus
    for menu in menus:
        role = {"id": "77", "name": "Foreign", "permissions": "0", "position": 1, "color": 0}
        data = {
            "custom_id": menu["custom_id"],
            "component_type": 6,
            "values": ["77"],
            "resolved": {"roles": {"77": role}},
        }
        await press(scene.ben, message, data)
    access = (await scene.world.bot.services.reach.access_of([voice.id]))[voice.id]
    assert access.roles <= {77}  # it is nobody's here: no member has a role of another server
    told = await scene.ann.slash(scene.channel, "voice default", voice="Ben")
    assert "is not shared with you" in content(told)


async def test_a_card_is_saved_once_however_it_is_pressed(scene: Scene, bens: VoiceProfile) -> None:
    card = await enrol(scene, "New")
    assert card.response is not None
    save = controls(card.response)[0]
    data = {"custom_id": save["custom_id"], "component_type": 2}
    for _ in range(2):
        await press(scene.ann, card.response, data)
    names = [voice.name for voice in await scene.world.store.list_voices(scene.guild.id)]
    assert names == ["Ben", "New"]
