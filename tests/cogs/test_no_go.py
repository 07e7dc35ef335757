"""Names that the operator lets nobody give a voice: refused wherever one is given."""

from __future__ import annotations

from tests.cogs.conftest import Scene, content
from tests.cogs.test_enrolment import enrol, stored
from tests.cogs.world import NO_GO

REFUSED = "Nobody may give a voice this name here"


async def test_no_voice_is_enrolled_under_it(scene: Scene) -> None:
    result = await enrol(scene, NO_GO[0].upper())
    assert REFUSED in content(result)
    assert scene.world.media.uploads == []


async def test_no_voice_is_renamed_to_it(scene: Scene) -> None:
    await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    result = await scene.ann.slash(
        scene.channel, "voice rename", voice="Ann", name=NO_GO[0].replace("o", "0")
    )
    assert REFUSED in content(result)
    assert await stored(scene) == ["Ann"]


async def test_a_voice_that_has_it_gets_no_other_recording(scene: Scene) -> None:
    await scene.world.add_voice(NO_GO[0], scene.guild.id, scene.ann.id)
    result = await scene.ann.slash(
        scene.channel, "voice replace", voice=NO_GO[0], sample=("me.m4a", b"sound")
    )
    assert "gets no other recording here" in content(result)
    assert scene.world.media.uploads == []
