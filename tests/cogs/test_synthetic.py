"""What carries speech says that a machine speaks."""

from __future__ import annotations

from cogs.cards import SYNTHETIC
from tests.cogs.conftest import Scene, content
from tests.cogs.test_enrolment import SAVE, enrol


async def test_a_preview_says_so(scene: Scene) -> None:
    await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    heard = await scene.ann.slash(scene.channel, "voice preview", voice="Ann")
    assert SYNTHETIC in content(heard)


async def test_an_entry_that_is_heard_says_so(scene: Scene) -> None:
    await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    heard = await scene.ann.slash(scene.channel, "dictionary hear", written="a", spoken="b")
    assert heard.response is not None
    assert SYNTHETIC in (heard.response.embeds[0].description or "")


async def test_a_new_voice_says_so(scene: Scene) -> None:
    shown = await enrol(scene, "Ann")
    saved = await scene.ann.click(shown.response, label=SAVE)
    message = saved.response or shown.response
    assert message is not None
    assert message.embeds[0].footer.text == SYNTHETIC


async def test_the_card_of_a_voice_says_so(scene: Scene) -> None:
    await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    card = await scene.ann.slash(scene.channel, "voice info", voice="Ann")
    assert card.response is not None
    assert card.response.embeds[0].footer.text == SYNTHETIC


async def test_help_says_so(scene: Scene) -> None:
    card = await scene.ann.slash(scene.channel, "help")
    assert card.response is not None
    assert card.response.embeds[0].footer.text == SYNTHETIC
