"""`/settings`: looking at what is set, changing each kind of setting, and who may."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.markup import literal
from bot.settings.catalogue import definitions
from bot.settings.definition import Page
from bot.settings.guild import GuildSettings
from storage.forgotten import stand_in
from tests.cogs.conftest import Scene, as_read, content
from tests.cogs.panels import DrivenPanel, open_panel


@pytest.fixture
async def panel(scene: Scene) -> DrivenPanel:
    return await open_panel(scene, scene.mo)


async def stored(scene: Scene) -> GuildSettings:
    return await scene.world.settings.guild(scene.guild.id)


async def set_by_operator(scene: Scene, key: str, value: Any) -> None:
    await scene.world.settings.change_guild(scene.guild.id, key, value, changed_by=None)


async def test_every_setting_stands_on_a_page_with_its_meaning(panel: DrivenPanel) -> None:
    keys = []
    for section in panel.sections:
        await panel.choose("section", section)
        keys += panel.settings
        for each in definitions(GuildSettings):
            if each.key in panel.settings:
                assert f"**{each.label}**: " in panel.text
                assert f"-# {each.meaning}" in panel.text
    assert keys == [each.key for page in Page for each in definitions(GuildSettings, page)]
    assert panel.message.ephemeral


async def test_what_differs_from_the_default_is_marked(scene: Scene) -> None:
    await set_by_operator(scene, "speed", 1.5)
    panel = await open_panel(scene, scene.mo)
    assert "**Speed**: 1.5× · *changed; by default: 1×*\n" in panel.text
    assert "**Volume**: 0 dB\n" in panel.text


async def test_a_switch_is_turned_by_a_button(scene: Scene, panel: DrivenPanel) -> None:
    await panel.open("read_bots")
    assert panel.control("turn")["label"] == "Turn on"
    await panel.press("turn")
    assert (await stored(scene)).read_bots
    assert "✅ Saved." in panel.text
    assert "Now: on" in panel.text
    assert panel.control("turn")["label"] == "Turn off"
    await panel.press("turn")
    assert not (await stored(scene)).read_bots


async def test_one_of_a_few_is_chosen_from_a_menu(scene: Scene, panel: DrivenPanel) -> None:
    await panel.open("locale")
    await panel.choose("value", "de")
    assert (await stored(scene)).locale == "de"
    assert "Now: Deutsch" in panel.text
    assert [o["value"] for o in panel.control("value")["options"] if o.get("default")] == ["de"]


async def test_numbers_and_texts_are_typed(scene: Scene, panel: DrivenPanel) -> None:
    typed = {"max_characters": "500", "volume_db": "-3,5 dB", "skip_prefix": ""}
    for key, text in typed.items():
        await panel.open(key)
        await panel.type(text)
        assert "✅ Saved." in panel.text
    expected = GuildSettings(max_characters=500, volume_db=-3.5, skip_prefix="")
    assert await stored(scene) == scene.world.allowed(expected)


async def test_the_dialog_says_the_range_and_what_is_set(panel: DrivenPanel) -> None:
    await panel.open("max_characters")
    modal = (await panel.press("type")).modal
    assert modal is not None
    (field,) = modal["components"]
    assert modal["title"] == field["label"] == "Longest message"
    assert field["description"] == "a whole number from 20 to 2000 characters"
    assert field["component"]["value"] == "300"


async def test_what_cannot_be_taken_is_refused_with_the_range_and_kept_in_the_dialog(
    scene: Scene, panel: DrivenPanel
) -> None:
    await panel.open("max_characters")
    for text in ("5000", "19", "many", "20.5", "٣٠٠ apples"):
        await panel.type(text)
        assert "⚠️ “Longest message” takes a whole number from 20 to 2000 char" in panel.text
        assert f"You typed “{literal(text)}”." in panel.text
        assert await panel.typed() == text
    assert (await stored(scene)).max_characters == 300
    await panel.type("400")
    assert await panel.typed() == "400"


async def test_roles_are_chosen_in_the_menu_of_discord(scene: Scene, panel: DrivenPanel) -> None:
    roles = [scene.guild.create_role(name) for name in ("Readers", "Singers")]
    await panel.open("say_roles")
    await panel.choose("pick", *roles)
    assert (await stored(scene)).say_roles == tuple(role.id for role in roles)
    assert f"Now: <@&{roles[0].id}>, <@&{roles[1].id}>" in panel.text
    assert panel.control("pick")["default_values"] == [
        {"id": role.id, "type": "role"} for role in roles
    ]
    await panel.choose("pick")
    assert (await stored(scene)).say_roles == ()
    assert "Now: everybody" in panel.text


async def test_channels_are_those_of_their_kind(scene: Scene, panel: DrivenPanel) -> None:
    lounge = scene.guild.create_voice_channel("Lounge")
    await panel.open("auto_join")
    voice = discord.ChannelType.voice.value
    assert voice in panel.control("pick")["channel_types"]
    assert discord.ChannelType.text.value not in panel.control("pick")["channel_types"]
    await panel.choose("pick", lounge)
    assert (await stored(scene)).auto_join == (lounge.id,)


async def test_one_channel_is_chosen_and_taken_back(scene: Scene, panel: DrivenPanel) -> None:
    await panel.open("moderation_channel")
    assert panel.control("pick")["max_values"] == 1
    await panel.choose("pick", scene.channel)
    assert (await stored(scene)).moderation_channel == scene.channel.id
    await panel.choose("pick")
    assert (await stored(scene)).moderation_channel is None


async def test_members_beyond_25_are_changed_group_by_group(scene: Scene) -> None:
    before = tuple(range(1000, 1030))
    await set_by_operator(scene, "muted_members", before)
    panel = await open_panel(scene, scene.mo)
    await panel.open("muted_members")
    assert "and 20 more" in panel.text
    assert "The menu holds 1 to 25 of 30." in panel.text
    await panel.press("later")
    assert "The menu holds 26 to 30 of 30." in panel.text
    assert [value["id"] for value in panel.control("pick")["default_values"]] == list(before[25:])
    await panel.choose("pick", scene.ann, scene.ben)
    expected = (*before[:25], scene.ann.id, scene.ben.id)
    assert (await stored(scene)).muted_members == expected
    await panel.press("earlier")
    await panel.choose("pick", scene.ben)
    assert (await stored(scene)).muted_members == (scene.ben.id, scene.ann.id)
    assert "later" not in [each["custom_id"] for each in panel.controls]


async def test_a_full_list_has_no_group_beyond_its_end(scene: Scene) -> None:
    await set_by_operator(scene, "blocked_members", tuple(range(1000, 1200)))
    panel = await open_panel(scene, scene.mo)
    await panel.open("blocked_members")
    for _ in range(7):
        await panel.press("later")
    assert panel.control("later")["disabled"]
    assert panel.control("pick")["default_values"][-1]["id"] == 1199


async def test_what_was_deleted_in_discord_is_named_so_and_not_offered(scene: Scene) -> None:
    role = scene.guild.create_role("Kept")
    await set_by_operator(scene, "say_roles", (4242, role.id))
    await set_by_operator(scene, "moderation_channel", 4243)
    panel = await open_panel(scene, scene.mo)
    await panel.open("say_roles")
    assert f"Now: a deleted role, <@&{role.id}>" in panel.text
    assert [value["id"] for value in panel.control("pick")["default_values"]] == [role.id]
    await panel.open("moderation_channel")
    assert "Now: a deleted channel" in panel.text
    assert not panel.control("pick").get("default_values")


async def test_the_default_voice_is_chosen_from_those_that_are_there(
    scene: Scene, panel: DrivenPanel
) -> None:
    voice = await scene.world.add_voice("Ann_*", scene.guild.id, scene.ann.id)
    await panel.open("default_voice")
    await panel.choose("value", str(voice.id))
    assert (await stored(scene)).default_voice == voice.id
    assert "Now: “Ann\\_\\*”" in panel.text


async def test_where_there_is_no_voice_it_says_how_to_make_one(panel: DrivenPanel) -> None:
    await panel.open("default_voice")
    assert "There is no voice that is everybody's here. Make one with /enroll" in as_read(
        panel.text
    )


async def test_a_voice_is_searched_for_where_there_are_many(scene: Scene) -> None:
    for number in range(26):
        await scene.world.add_voice(f"Voice {number:02}", scene.guild.id, scene.ann.id)
    panel = await open_panel(scene, scene.mo)
    await panel.open("default_voice")
    assert len(panel.control("value")["options"]) == 25
    await panel.type("25", "search")
    (option,) = panel.control("value")["options"]
    assert option["label"] == "Voice 25"
    await panel.type("zebra", "search")
    assert "There is no such voice." in panel.text
    assert await panel.typed("search") == "zebra"
    await panel.type("", "search")
    assert len(panel.control("value")["options"]) == 25


async def test_a_voice_that_was_deleted_meanwhile_is_refused(
    scene: Scene, panel: DrivenPanel
) -> None:
    voice = await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    await panel.open("default_voice")
    await scene.world.store.delete(voice.id)
    await panel.choose("value", str(voice.id))
    assert "⚠️ That voice does not exist any more." in panel.text
    assert (await stored(scene)).default_voice is None


async def test_reset_takes_one_setting_back(scene: Scene) -> None:
    await set_by_operator(scene, "speed", 1.5)
    await set_by_operator(scene, "hurry", False)
    panel = await open_panel(scene, scene.mo)
    await panel.open("speed")
    await panel.press("reset")
    assert await stored(scene) == scene.world.allowed(GuildSettings(hurry=False))
    assert panel.control("reset")["disabled"]
    await panel.press("back")
    assert "**Speed**: 1×\n" in panel.text


async def test_who_changed_what_is_logged(scene: Scene, panel: DrivenPanel) -> None:
    await panel.open("read_bots")
    await panel.press("turn")
    (change,) = await scene.world.settings.log(scene.guild.id)
    assert (change.key, change.value, change.changed_by) == ("read_bots", True, scene.mo.id)


async def test_what_the_bot_lacks_for_a_channel_is_said(scene: Scene, panel: DrivenPanel) -> None:
    closed = scene.guild.create_voice_channel("Closed")
    channel = scene.world.bot.get_channel(closed.id)
    assert isinstance(channel, discord.VoiceChannel)
    await channel.set_permissions(channel.guild.me, speak=False, send_messages=False)
    await scene.env.settle()
    await panel.open("auto_join")
    await panel.choose("pick", closed)
    assert f"✅ Saved.\n⚠️ I cannot speak in <#{closed.id}> yet: give me" in panel.text
    await panel.open("moderation_channel")
    await panel.choose("pick", closed)
    assert "⚠️ I need the permission Send Messages in the moderation channel" in panel.text


async def test_who_deleted_their_data_stays_blocked_whoever_else_is_chosen(scene: Scene) -> None:
    gone = stand_in(scene.ann.id)
    settings, guild_id = scene.world.settings, scene.guild.id
    await settings.change_guild(guild_id, "blocked_members", (gone,), changed_by=None)
    panel = await open_panel(scene, scene.mo)
    await panel.open("blocked_members")
    assert "a member who deleted their data" in panel.text
    assert panel.control("pick").get("default_values", []) == []
    await panel.choose("pick", scene.ben)
    assert (await settings.guild(guild_id)).blocked_members == (scene.ben.id, gone)
    refused = await scene.ann.slash(scene.channel, "enroll", sample=("a.ogg", b"x"), name="Ann")
    assert "You are blocked" in content(refused)
    await panel.press("reset")
    assert (await settings.guild(guild_id)).blocked_members == ()
