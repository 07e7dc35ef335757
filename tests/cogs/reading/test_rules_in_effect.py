"""Settings of the server and of members, and what is read then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.reading.rules import SkipReason
from tests.cogs.conftest import Scene
from tests.cogs.reading.conftest import spoken, write

Value = Callable[[Scene], Any]


async def set_guild(scene: Scene, key: str, value: Any) -> None:
    await scene.world.settings.change_guild(scene.guild.id, key, value, changed_by=None)


async def set_member(scene: Scene, key: str, value: Any) -> None:
    await scene.world.settings.change_member(scene.guild.id, scene.ann.id, key, value)


@pytest.mark.parametrize(
    ("key", "value", "text", "said"),
    [
        ("skip_prefix", lambda scene: "!", "!play something", []),
        ("skip_prefix", lambda scene: "", "; hello", ["; hello"]),
        ("announce_names", lambda scene: "always", "One.", ["ann says: One."]),
        (
            "max_characters",
            lambda scene: 20,
            "One two three four five six.",
            ["One two three four. And so on."],
        ),
        ("muted_members", lambda scene: [scene.ann.id], "One.", []),
        ("blocked_members", lambda scene: [scene.ann.id], "One.", []),
        ("muted_roles", lambda scene: [scene.guild.id], "One.", []),
        ("read_roles", lambda scene: [scene.guild.create_role("Heard").id], "One.", []),
        ("text_channels", lambda scene: [scene.guild.create_text_channel("a").id], "One.", []),
    ],
    ids=lambda value: str(value) if not callable(value) else "",
)
async def test_a_setting_of_the_server_decides_what_is_read(
    reading: Scene, key: str, value: Value, text: str, said: list[str]
) -> None:
    await set_guild(reading, key, value(reading))
    await write(reading, reading.ann, text)
    assert spoken(reading) == said


async def test_the_titles_of_embeds_are_said_where_the_server_wants_it(reading: Scene) -> None:
    for wanted in (False, True):
        await set_guild(reading, "read_embeds", wanted)
        backend, title = reading.env.backend, f"News {wanted}"
        embeds = [{"title": title, "type": "rich"}]
        backend.create_message(reading.channel.id, reading.ann.id, "", embeds=embeds)
        await reading.env.settle()
    assert spoken(reading) == ["News True"]


async def test_who_does_not_want_to_be_read_is_not_read(reading: Scene) -> None:
    await set_member(reading, "be_read", False)
    await write(reading, reading.ann, "One.")
    await write(reading, reading.ben, "Two.")
    assert spoken(reading) == ["Two."]


async def test_a_member_is_named_as_they_wish(reading: Scene) -> None:
    await set_guild(reading, "announce_names", "always")
    await set_member(reading, "spoken_name", "Annie")
    await write(reading, reading.ann, "One.")
    await write(reading, reading.ben, f"{reading.ann.mention} two.")
    assert spoken(reading) == ["Annie says: One.", "ben says: Annie two."]


async def test_a_member_without_a_voice_is_named_and_told_apart(reading: Scene) -> None:
    narrator = await reading.world.add_voice("Narrator", 0)
    await set_guild(reading, "only_in_call", False)
    await write(reading, reading.mo, "One.")
    await write(reading, reading.mo, "Two.")
    assert spoken(reading) == ["mo says: One.", "Two."]
    clips = {request.voice.clip_sha256 for request in reading.world.engine.requests}
    assert clips == {narrator.clip_sha256}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("; hush", SkipReason.PREFIX),
        ("?!", SkipReason.NOTHING_TO_SAY),
        ("lol", SkipReason.REPEATED),
    ],
)
async def test_status_tells_why_something_is_not_read(
    reading: Scene, text: str, reason: SkipReason
) -> None:
    await write(reading, reading.ann, "lol")
    await write(reading, reading.ann, text)
    status = await reading.ann.slash(reading.channel, "read status")
    assert status.response is not None
    assert str(reason) in str(status.response.embeds[0].to_dict())
