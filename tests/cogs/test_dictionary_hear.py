"""/dictionary hear."""

from __future__ import annotations

import io

import av
import pytest

from cogs.dictionary.hearing import HEARD
from storage.dictionary import Entry
from tests.cogs.conftest import Scene, as_read
from tests.cogs.test_dictionary import buttons, call, entries, put, read


@pytest.fixture
async def anns_voice(scene: Scene) -> None:
    await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id, language="de")


@pytest.mark.usefixtures("anns_voice")
async def test_an_entry_is_heard_before_it_is_saved(scene: Scene) -> None:
    await put(scene, scene.ann, Entry("lol", "before"), Entry("gg", "good game"))
    result = await scene.ann.slash(
        scene.channel, "dictionary hear", written="lol", spoken="laughing", text="lol gg"
    )
    assert "What it becomes: lol gg\n→ laughing good game" in read(result)
    assert result.response is not None
    (attachment,) = result.response.attachments
    with av.open(io.BytesIO(await attachment.read())) as container:
        assert container.streams.audio[0].codec_context.name in ("opus", "libopus")
    (request,) = scene.world.engine.requests
    assert (request.text, request.language) == ("laughing good game", "de")
    assert await entries(scene, scene.ann) == [Entry("gg", "good game"), Entry("lol", "before")]
    assert buttons(result) == ["Save for me"]
    await scene.ann.click(result.response, label="Save for me")
    assert "Changed\nlol → laughing" in read(result)
    assert buttons(result) == []
    assert await entries(scene, scene.ann) == [Entry("gg", "good game"), Entry("lol", "laughing")]


async def test_who_manages_the_server_saves_for_it(scene: Scene) -> None:
    await scene.world.add_voice("Mo", scene.guild.id, scene.mo.id)
    result = await scene.mo.slash(
        scene.channel, "dictionary hear", written="gg", spoken="good game", language="de"
    )
    await scene.mo.click(result.response, label="Save for the server")
    assert await entries(scene) == [Entry("gg", "good game", False, "de")]
    assert scene.world.engine.requests[0].text == "good game"


@pytest.mark.usefixtures("anns_voice")
async def test_silence_can_be_saved_too(scene: Scene) -> None:
    result = await scene.ann.slash(scene.channel, "dictionary hear", written="uh")
    assert "→ *There is nothing to say" in read(result)
    await scene.ann.click(result.response, label="Save for me")
    assert await entries(scene, scene.ann) == [Entry("uh", "")]


@pytest.mark.usefixtures("anns_voice")
async def test_what_cannot_be_heard_is_said(scene: Scene) -> None:
    pattern = {"written": "a+", "pattern": True}
    assert "Give a text" in await call(scene, scene.ann, "hear", **pattern)
    slow = {"written": "(a+)+$", "pattern": True, "text": "a"}
    assert "too long" in await call(scene, scene.ann, "hear", **slow)
    assert "/enroll" in as_read(await call(scene, scene.ben, "hear", written="a", spoken="b"))
    scene.world.engine.ready = False
    assert "still loading" in await call(scene, scene.ann, "hear", written="a", spoken="b")


@pytest.mark.usefixtures("anns_voice")
async def test_hearing_is_limited(scene: Scene) -> None:
    answers = [
        await call(scene, scene.ann, "hear", written="a", spoken="b") for _ in range(HEARD + 1)
    ]
    assert ["Try again in" in answer for answer in answers] == [False] * HEARD + [True]
