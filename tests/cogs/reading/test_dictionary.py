"""What is read aloud is spoken with the dictionary."""

from __future__ import annotations

import pytest
from simcord.actors import MemberActor

from bot.reading import arrivals
from storage.dictionary import Entry, Owner
from tests.cogs.conftest import Scene
from tests.cogs.reading.conftest import spoken, write


async def add(scene: Scene, who: MemberActor | None, written: str, said: str) -> None:
    owner = Owner(scene.guild.id, who.id if who is not None else 0)
    await scene.world.dictionary.add(owner, Entry(written, said), 1)


async def set_for(scene: Scene, key: str, value: object) -> None:
    await scene.world.settings.change_guild(scene.guild.id, key, value, changed_by=None)


async def test_messages_are_spoken_with_the_authors_and_the_servers_entries(
    reading: Scene,
) -> None:
    await add(reading, None, "gg", "good game")
    await add(reading, None, ":)", "smile")
    await add(reading, reading.ann, "gg", "giggle")
    for member in (reading.ann, reading.ben):
        await write(reading, member, "GG all!")
    await write(reading, reading.ben, "ok :)")
    await write(reading, reading.ben, ":) :D")
    assert spoken(reading) == ["giggle all!", "good game all!", "ok smile", "smile"]


async def test_what_the_dictionary_silences_is_not_read(reading: Scene) -> None:
    await add(reading, None, "psst", "")
    await write(reading, reading.ann, "psst!")
    await write(reading, reading.ann, "Psst, hello.")
    assert spoken(reading) == ["hello."]


async def test_names_are_spoken_with_it(reading: Scene) -> None:
    await add(reading, None, "ann", "Anna Maria")
    await set_for(reading, "announce_names", "always")
    await write(reading, reading.ann, "Hi!")
    await write(reading, reading.ben, f"Hello <@{reading.ann.id}>!")
    assert spoken(reading) == ["Anna Maria says: Hi!", "ben says: Hello Anna Maria!"]


async def test_comings_and_goings_are_spoken_with_it(
    reading: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "GATHER_SECONDS", 0.05)
    await reading.world.add_voice("Narrator", 0)
    await add(reading, None, "ann", "Anna Maria")
    await set_for(reading, "announce_joins", True)
    await reading.ann.leave_voice()
    await reading.env.settle()
    assert spoken(reading) == ["Anna Maria left."]
