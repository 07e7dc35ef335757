"""Every setting of the server, changed as an admin does, and what cannot be taken refused."""

from __future__ import annotations

from typing import Any

from bot.i18n import _, in_locale
from bot.settings.catalogue import Definition, Kind, definitions
from bot.settings.definition import Picker
from bot.settings.guild import GuildSettings
from tests.cogs.conftest import Scene
from tests.cogs.panels import DrivenPanel, open_panel
from tests.cogs.test_locales import Speaks

ALL = definitions(GuildSettings)


async def test_each_setting_is_changed_and_reset(scene: Scene) -> None:
    voice = await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    chosen = {
        Picker.ROLE: scene.guild.create_role("Readers"),
        Picker.MEMBER: scene.ben,
        Picker.TEXT_CHANNEL: scene.channel,
        Picker.VOICE_CHANNEL: scene.guild.create_voice_channel("Lounge"),
        Picker.VOICE: voice,
    }
    panel = await open_panel(scene, scene.mo)
    for each in map(scene.world.settings.bounds_of, ALL):
        await panel.open(each.key)
        expected = await change(panel, each, chosen)
        settings = await scene.world.settings.guild(scene.guild.id)
        assert getattr(settings, each.key) == expected != each.default, each.key
        await panel.press("reset")
    assert await scene.world.settings.guild(scene.guild.id) == scene.world.allowed(GuildSettings())
    changed_by = {change.changed_by for change in await scene.world.settings.log(scene.guild.id)}
    assert changed_by == {scene.mo.id}


async def change(panel: DrivenPanel, each: Definition, chosen: dict[Picker, Any]) -> Any:
    """Set something else than the default; return it."""
    match each.kind:
        case Kind.SWITCH:
            await panel.press("turn")
            return not each.default
        case Kind.CHOICE:
            value = next(value for value in each.choices or {} if value != each.default)
            await panel.choose("value", value)
            return value
        case Kind.ONE | Kind.SEVERAL if each.picker is not None:
            thing = chosen[each.picker]
            if each.picker is Picker.VOICE:
                await panel.choose("value", str(thing.id))
            else:
                await panel.choose("pick", thing)
            return thing.id if each.kind is Kind.ONE else (thing.id,)
        case Kind.TEXT:
            await panel.type("§")
            return "§"
        case _:
            value = each.lowest if each.highest == each.default else each.highest
            await panel.type(str(value))
            return value


async def test_no_number_outside_its_range_is_taken(scene: Scene) -> None:
    panel = await open_panel(scene, scene.mo)
    for each in map(scene.world.settings.bounds_of, ALL):
        if each.lowest is None or each.highest is None:
            continue
        await panel.open(each.key)
        for text in (str(each.lowest - 0.5), str(each.highest + 1), "much"):
            await panel.type(text)
            assert f"⚠️ “{each.label}” takes " in panel.text
            assert f"You typed “{text}”" in panel.text.replace("\\", "")
    assert await scene.world.settings.guild(scene.guild.id) == scene.world.allowed(GuildSettings())


async def test_the_panel_speaks_the_language_of_who_opens_it(scene: Scene, speaks: Speaks) -> None:
    speaks(scene.mo, "de")
    panel = await open_panel(scene, scene.mo)
    await panel.open("volume_db")
    await panel.type("-1,5")
    with in_locale("de"):
        words = [_(text) for text in ("Volume", "Saved.", "Reset to default")]
        label, saved, reset = words
    assert words != ["Volume", "Saved.", "Reset to default"]
    assert panel.title.endswith(label)
    assert saved in panel.text
    assert "-1,5 dB" in panel.text
    assert panel.control("reset")["label"] == reset
