"""/say with a dictionary: what is spoken, and what the answer shows of it."""

from __future__ import annotations

import pytest
from simcord.builders import ChannelHandle

from storage.dictionary import Entry, Owner
from tests.cogs.calls import ready, say
from tests.cogs.conftest import Scene, content

pytestmark = pytest.mark.usefixtures("voice_client")


async def add(scene: Scene, user_id: int, written: str, spoken: str, **more: object) -> None:
    owner = Owner(scene.guild.id, user_id)
    await scene.world.dictionary.add(owner, Entry(written, spoken, **more), 1)  # type: ignore[arg-type]


async def test_the_dictionary_is_spoken_and_shown(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    await add(scene, 0, "gg", "good game")
    answer = content(await say(scene, "GG, *all*!"))
    assert "\n-# Spoken: good game, all!" in answer
    (request,) = scene.world.engine.requests
    assert request.text == "good game, all!"


async def test_what_the_dictionary_leaves_as_it_is_is_not_shown(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    await add(scene, 0, "gg", "good game")
    await add(scene, 0, "hallo", "hello", language="de")
    assert "Spoken" not in content(await say(scene, "Hallo eggs."))


async def test_ones_own_entries_come_before_the_servers_and_are_nobody_elses(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann, scene.ben)
    await add(scene, 0, "gg", "good game")
    await add(scene, scene.ann.id, "gg", "giggle")
    await say(scene, "gg all")
    await scene.ben.slash(scene.channel, "say", text="gg all")
    assert [request.text for request in scene.world.engine.requests] == [
        "giggle all",
        "good game all",
    ]


async def test_a_text_that_the_dictionary_silences_is_refused(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    await add(scene, 0, "psst", "")
    assert "nothing to say" in content(await say(scene, "Psst!"))


async def test_what_another_process_changes_holds_for_the_next_text(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    await add(scene, 0, "gg", "good game")
    await say(scene, "gg all")
    other = type(scene.world.dictionary)(scene.world.dictionary._store)
    await other.remove(Owner(scene.guild.id), "GG")
    await say(scene, "gg all")
    assert [request.text for request in scene.world.engine.requests] == ["good game all", "gg all"]
