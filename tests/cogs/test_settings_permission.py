"""Who may use `/settings`, and what becomes of a panel meanwhile."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from simcord.actors import _component_interaction

from bot.settings.catalogue import definition
from bot.settings.guild import GuildSettings
from cogs.settings.editors import Editing
from cogs.settings.naming import Names
from cogs.settings.panel import Panel
from cogs.settings.sections import sections_by_page
from cogs.settings.subjects import GuildSubject
from tests.cogs.conftest import Scene, content
from tests.cogs.panels import DrivenPanel, open_panel

REFUSAL = "You need the permission Manage Server for that."


@pytest.fixture
async def panel(scene: Scene) -> DrivenPanel:
    return await open_panel(scene, scene.mo)


async def stored(scene: Scene) -> GuildSettings:
    return await scene.world.settings.guild(scene.guild.id)


async def take_permission(scene: Scene) -> None:
    guild = scene.world.bot.get_guild(scene.guild.id)
    assert guild is not None
    (managers,) = [role for role in guild.roles if role.name == "Managers"]
    await managers.edit(permissions=discord.Permissions.none())
    await scene.env.settle()


async def test_discord_shows_the_command_to_who_has_manage_server(scene: Scene) -> None:
    assert "settings" in scene.mo.available_commands(scene.channel)
    assert "settings" not in scene.ann.available_commands(scene.channel)


async def test_who_got_the_command_by_integrations_still_needs_the_permission(
    scene: Scene,
) -> None:
    commands = await scene.world.bot.tree.fetch_commands()
    (command,) = [each for each in commands if each.name == "settings"]
    scene.guild.set_command_permissions(command, {scene.ann: True})
    assert content(await scene.ann.slash(scene.channel, "settings")) == REFUSAL


async def test_who_lost_the_permission_loses_the_panel(scene: Scene, panel: DrivenPanel) -> None:
    await panel.open("hurry")
    await panel.press("turn")
    await take_permission(scene)
    assert content(await panel.press("turn")).endswith(REFUSAL)
    assert panel.message.components == []
    assert not (await stored(scene)).hurry


async def test_a_dialog_of_who_lost_the_permission_changes_nothing(
    scene: Scene, panel: DrivenPanel
) -> None:
    await panel.open("speed")
    dialog = await panel.press("type")
    await take_permission(scene)
    assert content(await scene.mo.submit_modal(dialog, {"text": "2"})).endswith(REFUSAL)
    assert (await stored(scene)).speed == 1
    assert panel.message.components == []


async def test_a_panel_that_is_outdated_changes_nothing_and_shows_what_is_set(
    scene: Scene, panel: DrivenPanel
) -> None:
    await panel.open("say_roles")
    role, other = scene.guild.create_role("Readers"), scene.guild.create_role("Singers")
    second = await open_panel(scene, scene.mo)
    await second.open("say_roles")
    await second.choose("pick", role)
    await panel.choose("pick", other)
    assert "⚠️ This was changed meanwhile" in panel.text
    assert f"Now: <@&{role.id}>" in panel.text
    assert (await stored(scene)).say_roles == (role.id,)
    await panel.choose("pick", role, other)
    assert (await stored(scene)).say_roles == (role.id, other.id)


async def test_of_two_at_the_same_moment_one_is_told(scene: Scene) -> None:
    subject = GuildSubject(scene.world.bot.services, scene.guild.id)
    asks: Any = SimpleNamespace(extras={}, user=scene.mo)
    changing, speed = asyncio.Lock(), definition(GuildSettings, "speed")
    panels = [Panel(asks, subject, sections_by_page(GuildSettings), changing) for _ in range(2)]
    seen = Editing(speed, 1.0, Names())
    notes = await asyncio.gather(
        *(panel._change(asks, seen, value) for panel, value in zip(panels, (1.5, 2.0), strict=True))
    )
    assert notes[0] == "✅ Saved."
    assert notes[1].startswith("⚠️ This was changed meanwhile")
    assert (await stored(scene)).speed == 1.5


async def test_turning_pages_shows_what_others_set_meanwhile(
    scene: Scene, panel: DrivenPanel
) -> None:
    await panel.choose("section", panel.sections[1])
    await scene.world.settings.change_guild(scene.guild.id, "speed", 2, changed_by=None)
    await panel.choose("section", panel.sections[0])
    assert "**Speed**: 2×" in panel.text


async def test_what_was_typed_into_an_outdated_panel_stays_in_its_dialog(
    scene: Scene, panel: DrivenPanel
) -> None:
    await panel.open("speed")
    dialog = await panel.press("type")
    await scene.world.settings.change_guild(scene.guild.id, "speed", 2, changed_by=None)
    await scene.mo.submit_modal(dialog, {"text": "0.5"})
    assert "Now: 2×" in panel.text
    assert await panel.typed() == "0.5"


async def test_a_press_of_somebody_else_does_nothing(scene: Scene, panel: DrivenPanel) -> None:
    await panel.open("hurry")
    press = {"custom_id": "turn", "component_type": discord.ComponentType.button.value}
    # No client offers it to who does not see the message; Discord does not promise so.
    forged = await _component_interaction(scene.ben, panel.message._message, press)
    assert content(forged).endswith("Only the member who used the command can press that.")
    assert (await stored(scene)).hurry


async def test_a_panel_ends_with_its_answer(scene: Scene, panel: DrivenPanel) -> None:
    await scene.env.advance_time(15 * 60)
    assert panel.message.components == []
