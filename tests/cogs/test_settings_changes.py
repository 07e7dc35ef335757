"""The page of `/settings` that says who changed what last."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.settings.service import SettingChange
from cogs.settings.naming import Names
from cogs.settings.server import MAX_DESCRIPTION, changes_card
from tests.cogs.conftest import Scene
from tests.cogs.panels import DrivenPanel

CHANGES = "Last changes 1"


async def open_changes(scene: Scene) -> DrivenPanel:
    panel = DrivenPanel(scene.mo, await scene.mo.slash(scene.channel, "settings"))
    await panel.choose("section", CHANGES)
    return panel


async def change(scene: Scene, key: str, value: Any, changed_by: int | None) -> None:
    await scene.world.settings.change_guild(scene.guild.id, key, value, changed_by=changed_by)


async def test_it_names_who_changed_what_from_what_to_what_the_newest_first(scene: Scene) -> None:
    voice = await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    await change(scene, "speed", 1.5, scene.mo.id)
    await change(scene, "default_voice", voice.id, None)
    panel = await open_changes(scene)
    newest, oldest = panel.text.strip().splitlines()
    assert newest.startswith("⚙️ My operator set “Default voice” to: “Ann” <t:")
    assert oldest.startswith(f"⚙️ <@{scene.mo.id}> set “Speed” to: 1.5× (before: 1×) <t:")
    assert panel.title == "Last changes"


async def test_it_says_when_there_are_none_and_leads_back_to_the_settings(scene: Scene) -> None:
    panel = await open_changes(scene)
    assert panel.text.strip() == "Nobody has changed anything yet."
    await panel.choose("section", panel.sections[0])
    assert "**Speed**: 1×" in panel.text


def test_as_many_are_told_as_fit() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    many, others = tuple(range(10**18, 10**18 + 25)), tuple(range(10**17, 10**17 + 25))
    changes = [SettingChange(1, "say_roles", many, 2**62, others, at)] * 15
    text = changes_card(changes, Names()).description or ""
    assert MAX_DESCRIPTION - 450 < len(text) <= MAX_DESCRIPTION
