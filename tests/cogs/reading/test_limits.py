"""Messages of members, or of a server, that had all the speech of a day are not read."""

from __future__ import annotations

import pytest

from bot.audit.events import Spoken
from tests.cogs.conftest import Scene
from tests.cogs.reading.conftest import spoken, write


@pytest.mark.parametrize("who", ["ann", "ben"])
async def test_a_member_who_had_their_speech_of_the_day_is_not_read(
    reading: Scene, who: str
) -> None:
    talker = reading.ann if who == "ann" else reading.ben
    event = Spoken(
        by=talker.id, voice_id=1, milliseconds=241 * 60_000, packets_sha256="0" * 64, way="read"
    )
    await reading.world.audit.store.append(reading.guild.id, [event.row()])
    await write(reading, reading.ann, "Of Ann.")
    await write(reading, reading.ben, "Of Ben.")
    assert spoken(reading) == (["Of Ben."] if who == "ann" else ["Of Ann."])
    told = await reading.mo.slash(reading.channel, "read status")
    assert told.response is not None
    text = str([each.to_dict() for each in told.response.embeds])
    assert "had all the speech that a day" in text
