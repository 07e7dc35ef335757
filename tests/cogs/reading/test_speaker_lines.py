"""Who is read in another's voice is named, too."""

from __future__ import annotations

import pytest
from simcord.builders import ChannelHandle

from tests.cogs.conftest import Scene
from tests.cogs.reading.conftest import write
from tests.cogs.speakers.conftest import UntilHeard, until_heard

__all__ = ["until_heard"]


def told(lounge: ChannelHandle) -> list[str]:
    return [each.content for each in lounge.history() if each.content.startswith("🗣️")]


async def test_a_member_who_chose_anothers_voice(
    reading: Scene, lounge: ChannelHandle, until_heard: UntilHeard
) -> None:
    await reading.ann.slash(reading.channel, "voice default", voice="Ben")
    await write(reading, reading.ann, "Read me.")
    await until_heard()
    ann, ben = f"<@{reading.ann.id}>", f"<@{reading.ben.id}>"
    assert told(lounge) == [f"🗣️ {ann} speaks as “Ben” ({ben}) · synthetic speech"]


async def test_a_member_who_is_read_in_their_own_is_not_named(
    reading: Scene, lounge: ChannelHandle, until_heard: UntilHeard
) -> None:
    await write(reading, reading.ann, "Read me.")
    await until_heard()
    assert told(lounge) == []


@pytest.mark.usefixtures("voice_client")
async def test_a_webhook_that_is_read_in_a_members_voice(
    reading: Scene, lounge: ChannelHandle, until_heard: UntilHeard
) -> None:
    [ben] = [v for v in await reading.world.store.list_voices(reading.guild.id) if v.name == "Ben"]
    settings = reading.world.settings
    for key, value in (("read_webhooks", True), ("default_voice", ben.id)):
        await settings.change_guild(reading.guild.id, key, value, changed_by=None)
    await reading.guild.create_webhook(reading.channel).send("News.", username="Reporter*")
    await until_heard()
    owner = f"<@{reading.ben.id}>"
    assert told(lounge) == [rf"🗣️ **Reporter\*** speaks as “Ben” ({owner}) · synthetic speech"]
