"""/queue, /skip and /stop while chat is read aloud."""

from __future__ import annotations

import pytest

from tests.cogs.calls import say
from tests.cogs.conftest import Scene, content
from tests.cogs.reading.conftest import write

pytestmark = pytest.mark.usefixtures("texts_wait")


async def shown(scene: Scene) -> list[str]:
    result = await scene.ann.slash(scene.channel, "queue")
    assert result.response is not None
    return (result.response.embeds[0].description or "").splitlines()


async def test_the_queue_marks_chatter_and_shows_a_command_before_what_waits(
    reading: Scene,
) -> None:
    await write(reading, reading.ben, "Being read.")
    await write(reading, reading.ben, "Waiting.")
    await say(reading, "Asked for.")
    lines = await shown(reading)
    assert [("💬" in line, line.split(": ")[1].split(" (")[0]) for line in lines] == [
        (True, "Being read."),
        (False, "Asked for."),
        (True, "Waiting."),
    ]


async def test_whom_a_webhook_writes_for_is_shown_by_name(reading: Scene) -> None:
    await reading.world.add_voice("Narrator", 0)
    settings = reading.world.settings
    await settings.change_guild(reading.guild.id, "read_webhooks", True, changed_by=None)
    hook = reading.guild.create_webhook(reading.channel)
    await hook.send("The news.", username="Reporter")
    await reading.env.settle()
    (line,) = await shown(reading)
    assert line.startswith("▶ 💬 **Reporter** as “Narrator”: The news.")


async def test_the_author_can_skip_a_message_and_another_cannot(reading: Scene) -> None:
    await write(reading, reading.ben, "Being read.")
    assert "Only the member" in content(await reading.ann.slash(reading.channel, "skip"))
    assert content(await reading.ben.slash(reading.channel, "skip")) == "Skipped."
    assert await shown(reading) == ["Nothing is waiting to be said."]


async def test_messages_of_others_are_not_stopped(reading: Scene) -> None:
    await write(reading, reading.ben, "Being read.")
    await say(reading, "Asked for.")
    assert "Texts of others" in content(await reading.ann.slash(reading.channel, "stop"))
    assert len(await shown(reading)) == 2
