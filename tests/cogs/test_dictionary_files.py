"""/dictionary import and export."""

from __future__ import annotations

import json

import pytest
from simcord.actors import MemberActor
from simcord.results import InteractionResult

from cogs.dictionary.files import IMPORTS
from storage.dictionary import Entry, Owner
from tests.cogs.conftest import Scene, as_read, content
from tests.cogs.test_dictionary import MANAGE, call, entries, put, read


async def send(scene: Scene, who: MemberActor, data: bytes, **options: object) -> InteractionResult:
    file = ("mine.json", data)
    return await who.slash(scene.channel, "dictionary import", file=file, **options)


async def attached(result: InteractionResult) -> bytes:
    assert result.response is not None
    (attachment,) = result.response.attachments
    return await attachment.read()


async def test_what_is_right_is_taken_and_each_entry_is_reported_on(scene: Scene) -> None:
    await put(scene, scene.ann, Entry("gg", "before"))
    file = [
        {"written": "lol", "spoken": "laughing"},
        {"written": "GG", "spoken": "good game"},
        {"written": "(a+)+$", "spoken": "x", "pattern": True},
        {"written": "LOL", "spoken": "again"},
        {"spoken": "x"},
    ]
    result = await send(scene, scene.ann, json.dumps({"entries": file}).encode())
    assert read(result).startswith(
        "Your dictionary\n1 entry added\n1 entry replaced\n3 entries refused\nRefused: "
    )
    assert (await attached(result)).decode().splitlines() == [
        "1. lol: added",
        "2. GG: replaced",
        "3. (a+)+$: That pattern would take too long. Avoid repetitions within repetitions, as in "
        "(a+)+, and let each alternative begin with something else.",
        "4. LOL: It is the same as entry 1.",
        "5. : It needs “written” and “spoken”.",
    ]
    assert await entries(scene, scene.ann) == [Entry("GG", "good game"), Entry("lol", "laughing")]


async def test_an_export_can_be_imported_elsewhere(scene: Scene) -> None:
    given = [
        Entry(r"(\d+)k", r"\1 tausend", True, "de"),
        Entry(":pog:", "pog"),
        Entry("äöü “x”", ""),
        Entry("👍🏽", "yes"),
        Entry("草", "くさ"),
    ]
    await put(scene, scene.ann, *given)
    exported = await attached(await scene.ann.slash(scene.channel, "dictionary export"))
    await send(scene, scene.mo, exported, server=True)
    assert (
        await entries(scene)
        == await entries(scene, scene.ann)
        == sorted(given, key=lambda entry: entry.written)
    )


async def test_the_servers_is_exported_by_all_and_imported_by_who_manages_it(scene: Scene) -> None:
    await put(scene, None, Entry("gg", "good game"))
    result = await scene.ann.slash(scene.channel, "dictionary export", server=True)
    assert json.loads(await attached(result)) == {
        "entries": [{"written": "gg", "spoken": "good game"}]
    }
    assert content(await send(scene, scene.ann, b'{"lol": "x"}', server=True)) == MANAGE
    assert await entries(scene) == [Entry("gg", "good game")]


async def test_an_empty_dictionary_is_not_exported(scene: Scene) -> None:
    assert "It is empty. /dictionary add" in as_read(await call(scene, scene.ann, "export"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no json", "no JSON: Expecting value in line 1, column 1"),
        (b" " * 25 * 1024**2, "has 25.0 MB; a dictionary has 4 MB at most"),
    ],
    ids=["text", "large"],
)
async def test_what_is_no_dictionary_is_refused_with_the_reason(
    scene: Scene, data: bytes, reason: str
) -> None:
    assert reason in content(await send(scene, scene.ann, data))
    assert await entries(scene, scene.ann) == []


async def test_what_has_no_room_is_refused(scene: Scene) -> None:
    await put(scene, scene.ann, *(Entry(f"w{number}", "x") for number in range(1999)))
    answer = read(await send(scene, scene.ann, b'{"a": "1", "b": "2", "w1": "3"}'))
    assert "1 entry added\n1 entry replaced\n1 entry refused" in answer
    assert "2\\. b: The dictionary is full" in answer
    assert len(await entries(scene, scene.ann)) == 2000


async def test_a_file_that_is_refused_in_whole_is_reported_within_discords_limits(
    scene: Scene,
) -> None:
    file = json.dumps([{"written": "*" * 2000, "spoken": "x"}] * 2000).encode()
    result = await send(scene, scene.ann, file)
    assert "2000 entries refused" in read(result)
    assert (await attached(result)).count(b"\n") == 2000
    assert await scene.world.dictionary.of(scene.guild.id, scene.ann.id) is None


async def test_files_are_limited(scene: Scene) -> None:
    answers = [content(await send(scene, scene.ann, b"[]")) for _ in range(IMPORTS + 1)]
    assert ["Try again in" in answer for answer in answers] == [False] * IMPORTS + [True]


async def test_members_have_dictionaries_of_their_own_in_each_server(scene: Scene) -> None:
    await send(scene, scene.ann, b'{"lol": "x"}')
    assert await entries(scene, scene.ben) == []
    assert await scene.world.dictionary.entries(Owner(scene.guild.id + 1, scene.ann.id)) == []
