"""A setting that is added to a model stands in the panel, and can be changed there."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal

import pytest

from bot.settings.catalogue import definitions
from bot.settings.definition import Id, Ids, Line, ManyIds, Page, Picker, setting
from bot.settings.guild import GuildSettings
from cogs.settings.sections import MAX_DEFINITIONS
from tests.cogs.conftest import Scene
from tests.cogs.panels import open_panel

PETS = {f"pet{number}": f"Pet number {number}" for number in range(30)}


def made_up(default: Any, label: str, **more: Any) -> Any:
    return setting(default, Page.LANGUAGE, label, f"What {label} means", **more)


class More(GuildSettings):
    """One setting of every kind, all on a page that had one."""

    loud: bool = made_up(False, "Loud")
    pages: int = made_up(3, "Pages", unit="sheets", ge=1, le=9)
    weight: float | None = made_up(None, "Weight", empty="weightless", ge=0, le=5)
    motto: Line = made_up("", "Motto", empty="silent", max_length=20)
    mood: Literal["glad", "sad"] = made_up("glad", "Mood", choices={"glad": "Glad", "sad": "Sad"})
    pet: str | None = made_up(None, "Pet", empty="no pet", choices=PETS)
    colours: Ids = made_up((), "Colours", empty="grey", picker=Picker.ROLE)
    friends: ManyIds = made_up((), "Friends", empty="lonely", picker=Picker.MEMBER)
    stage: Id | None = made_up(None, "Stage", empty="street", picker=Picker.VOICE_CHANNEL)
    walls: Ids = made_up((), "Walls", empty="bare", picker=Picker.TEXT_CHANNEL)
    singer: Id | None = made_up(None, "Singer", empty="mute", picker=Picker.VOICE)


ADDED = [each for each in definitions(More) if each not in definitions(GuildSettings)]


@pytest.fixture(autouse=True)
def more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.settings.service.GuildSettings", More)
    # discord.py forgets an extension's modules when a bot ends: this is the one of the next bot.
    subjects = import_module("cogs.settings.subjects")
    monkeypatch.setattr(subjects.GuildSubject, "model", More)


async def stored(scene: Scene, key: str) -> Any:
    return getattr(await scene.world.settings.guild(scene.guild.id), key)


async def test_each_is_shown_and_a_full_page_goes_on_on_another(scene: Scene) -> None:
    panel = await open_panel(scene, scene.mo)
    seen = []
    for number in (1, 2):
        await panel.choose("section", f"Language {number}")
        assert panel.title == f"Settings of this server · Language ({number} of 2)"
        assert len(panel.settings) <= MAX_DEFINITIONS
        seen += [f"**{each.label}**" for each in ADDED if f"**{each.label}**" in panel.text]
    assert seen == [f"**{each.label}**" for each in ADDED]
    assert "What Singer means" in panel.text


async def test_each_is_changed_in_the_way_of_its_kind(scene: Scene) -> None:
    red = scene.guild.create_role("Red")
    lounge = scene.guild.create_voice_channel("Lounge")
    voice = await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    panel = await open_panel(scene, scene.mo)
    await panel.open("loud")
    await panel.press("turn")
    typed = {"pages": "4", "weight": "2,5", "motto": "Be loud", "pet": "Pet number 7"}
    for key, text in typed.items():
        await panel.open(key)
        await panel.type(text)
    for key, control, value in [
        ("mood", "value", "sad"),
        ("colours", "pick", red),
        ("friends", "pick", scene.ann),
        ("stage", "pick", lounge),
        ("walls", "pick", scene.channel),
        ("singer", "value", str(voice.id)),
    ]:
        await panel.open(key)
        await panel.choose(control, value)
    changed = await scene.world.settings.guild(scene.guild.id)
    assert {each.key: getattr(changed, each.key) for each in ADDED} == {
        "loud": True,
        "pages": 4,
        "weight": 2.5,
        "motto": "Be loud",
        "mood": "sad",
        "pet": "pet7",
        "colours": (red.id,),
        "friends": (scene.ann.id,),
        "stage": lounge.id,
        "walls": (scene.channel.id,),
        "singer": voice.id,
    }
    for each in ADDED:
        await panel.open(each.key)
        await panel.press("reset")
    assert await scene.world.settings.guild(scene.guild.id) == scene.world.allowed(More())


async def test_a_refusal_says_what_can_be(scene: Scene) -> None:
    panel = await open_panel(scene, scene.mo)
    for key, text, can_be in [
        ("pages", "10", "a whole number from 1 to 9 sheets"),
        ("weight", "heavy", "a number from 0 to 5"),
        ("pet", "dog", "one of these"),
    ]:
        await panel.open(key)
        await panel.type(text)
        assert "⚠️" in panel.text
        assert can_be in panel.text
    assert await scene.world.settings.guild(scene.guild.id) == scene.world.allowed(More())


async def test_nothing_typed_takes_back_what_may_be_nothing(scene: Scene) -> None:
    await scene.world.settings.change_guild(scene.guild.id, "weight", 2, changed_by=None)
    panel = await open_panel(scene, scene.mo)
    await panel.open("weight")
    await panel.type("")
    assert await stored(scene, "weight") is None
    assert "Now: weightless" in panel.text
