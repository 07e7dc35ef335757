"""How the pictures come about: the scenes are played by the real bot; Chromium is a guest."""

from __future__ import annotations

import pytest

from tools.pictures import scenes
from tools.pictures.browser import NoBrowserError, find_browser
from tools.pictures.render import page
from tools.pictures.scene import SCENES, Act, scene
from tools.pictures.shown import Answer
from tools.pictures.stage import open_stage

assert scenes


async def test_a_scene_shows_what_the_bot_sent() -> None:
    async with open_stage() as stage:
        act = Act(stage)
        await SCENES["voice-list-pages"].play(act)
        html = page(act.shown, stage.names())
        stage.discord.assert_clean()
    first, second = act.shown
    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert (first.command, first.member, act.commands) == ("voice list", "Ada", {"voice list"})
    assert "Page 1 of 2" in str(first.embeds)  # as it was then: the message shows page 2 now
    assert "Page 2 of 2" in str(second.embeds)
    assert "Lighthouse keeper" in html


async def test_a_scene_is_played_for_people_of_its_language() -> None:
    async with open_stage() as stage:
        act = Act(stage, "de")
        await SCENES["settings-limits"].play(act)
        html = page(act.shown, stage.names("de"))
    (shown,) = act.shown
    assert isinstance(shown, Answer)
    assert (shown.command, act.commands) == ("einstellungen", {"settings"})
    assert "Einstellungen dieses Servers" in html
    assert "Nur du kannst das sehen" in html


def test_where_there_is_no_chromium_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NoBrowserError, match="apt-get install chromium"):
        find_browser()


def test_two_scenes_never_share_a_file() -> None:
    with pytest.raises(ValueError, match="two scenes named say"):
        scene("say", "Another")(SCENES["say"].play)
