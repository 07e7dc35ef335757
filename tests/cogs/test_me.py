"""`/me`: a member's own settings, and what is stored about them."""

from __future__ import annotations

import pytest
from simcord.actors import MemberActor

from bot.settings.catalogue import definitions
from bot.settings.member import MemberSettings
from storage.dictionary import Entry, Owner
from storage.types import OPERATOR_GUILD_ID
from tests.cogs.conftest import Scene, as_read
from tests.cogs.panels import DrivenPanel, open_panel

DATA = "What is stored about you 1"


@pytest.fixture
async def panel(scene: Scene) -> DrivenPanel:
    return await open_panel(scene, scene.ann, "me")


async def stored(scene: Scene, member: MemberActor | None = None) -> MemberSettings:
    return await scene.world.settings.member(scene.guild.id, (member or scene.ann).id)


async def test_everybody_has_all_of_their_settings_on_one_page(panel: DrivenPanel) -> None:
    assert panel.settings == [each.key for each in definitions(MemberSettings)]
    assert "**Spoken name**: as it is shown\n-# How your name is said" in panel.text
    assert panel.message.ephemeral


async def test_each_is_changed_and_is_the_member_s_alone(scene: Scene, panel: DrivenPanel) -> None:
    voice = await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    await panel.open("default_voice")
    await panel.choose("value", str(voice.id))
    typed = {"speed": "1.25", "volume_db": "-3", "spoken_name": "Annie", "greeting": "Hi all"}
    for key, text in typed.items():
        await panel.open(key)
        await panel.type(text)
    await panel.open("language")
    await panel.choose("value", "de")
    await panel.open("be_read")
    await panel.press("turn")
    assert await stored(scene) == MemberSettings(
        default_voice=voice.id,
        speed=1.25,
        volume_db=-3,
        language="de",
        be_read=False,
        spoken_name="Annie",
        greeting="Hi all",
    )
    assert await stored(scene, scene.ben) == MemberSettings()


async def test_a_speed_out_of_range_is_refused(scene: Scene, panel: DrivenPanel) -> None:
    await panel.open("speed")
    await panel.type("3")
    assert "⚠️ “Speed” takes a number from 0.5 to 2×." in panel.text
    assert (await stored(scene)).speed is None


async def test_a_language_can_be_left_to_the_voice(scene: Scene, panel: DrivenPanel) -> None:
    await panel.open("language")
    await panel.choose("value", "fr")
    assert "Now: French" in panel.text
    await panel.choose("value", "default")
    assert (await stored(scene)).language is None
    assert "Now: the voice's" in panel.text


async def test_ones_own_voices_are_offered_first(scene: Scene) -> None:
    for name, owner in [("Abe", scene.ben), ("Zoe", scene.ann)]:
        await scene.world.add_voice(name, scene.guild.id, owner.id)
    panel = await open_panel(scene, scene.ann, "me")
    await panel.open("default_voice")
    assert [o["label"] for o in panel.control("value")["options"]] == ["Zoe", "Abe"]


async def test_a_voice_of_others_needs_the_role_for_it(scene: Scene) -> None:
    for name, member in [("Ann", scene.ann), ("Ben", scene.ben)]:
        await scene.world.add_voice(name, scene.guild.id, member.id)
    shared = await scene.world.add_voice("Herald", OPERATOR_GUILD_ID)
    panel = await open_panel(scene, scene.ann, "me")
    await panel.open("default_voice")
    offered = {o["label"]: o["value"] for o in panel.control("value")["options"]}
    assert list(offered) == ["Ann", "Ben", "Herald"]
    role = scene.guild.create_role("Mimics")
    await scene.world.settings.change_guild(
        scene.guild.id, "others_voices_roles", (role.id,), changed_by=None
    )
    await panel.choose("value", offered["Ben"])
    assert "⚠️ Only members with one of these roles can use the voices of others" in panel.text
    assert (await stored(scene)).default_voice is None
    assert [o["label"] for o in panel.control("value")["options"]] == ["Ann", "Herald"]
    await panel.choose("value", str(shared.id))
    assert (await stored(scene)).default_voice == shared.id


async def test_it_says_what_is_stored_and_how_to_delete_it(scene: Scene) -> None:
    await scene.world.add_voice("Ann_*", scene.guild.id, scene.ann.id)
    await scene.world.add_voice("Ben", scene.guild.id, scene.ben.id)
    await scene.world.settings.change_member(scene.guild.id, scene.ann.id, "speed", 1.5)
    owner = Owner(scene.guild.id, scene.ann.id)
    await scene.world.dictionary.add(owner, Entry("brb", "be right back"), scene.ann.id)
    panel = await open_panel(scene, scene.ann, "me")
    await panel.choose("section", DATA)
    text = as_read(panel.text)
    assert "Voices: “Ann\\_\\*”: a recording of 0 s, since <t:" in text
    assert "Ben" not in text
    assert "Settings: Speed\n" in text
    assert "Dictionary: 1 entry\n" in text
    assert "/voice delete deletes a voice and its recordings, /dictionary remove one or all" in text


async def test_who_is_not_known_reads_that_nothing_is_stored(panel: DrivenPanel) -> None:
    await panel.choose("section", DATA)
    assert "Voices: none\nSettings: none\nDictionary: 0 entries\n" in panel.text
    assert panel.control("forget")["disabled"]


async def test_it_says_whether_what_is_said_is_told_to_the_moderators(
    scene: Scene, panel: DrivenPanel
) -> None:
    await panel.choose("section", DATA)
    assert panel.text.endswith("What you write and have me say is not kept.")
    await scene.world.settings.change_guild(scene.guild.id, "log_utterances", True, changed_by=None)
    await panel.choose("section", DATA)
    assert "the moderation channel of this server is told who said what" in panel.text


async def test_ones_settings_are_deleted_all_at_once(scene: Scene) -> None:
    voice = await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    for key, value in {"speed": 1.5, "greeting": "Hi", "default_voice": voice.id}.items():
        await scene.world.settings.change_member(scene.guild.id, scene.ann.id, key, value)
    panel = await open_panel(scene, scene.ann, "me")
    await panel.choose("section", DATA)
    assert "Settings: Your voice, Speed, Greeting" in panel.text
    await panel.press("forget")
    assert await stored(scene) == MemberSettings()
    assert "✅ Your settings are deleted." in panel.text
    assert "Settings: none" in panel.text
