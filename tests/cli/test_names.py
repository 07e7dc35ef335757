"""Names that would break out of a terminal's tables, or of JSON."""

from __future__ import annotations

import asyncio
import json

from storage.types import NewVoice
from storage.voices import VoiceStore
from tests.cli.conftest import Mynah
from tests.storage.conftest import make_clip

NAMES = [
    "[red]rich[/red]",
    "../../etc/passwd",
    "{voice} %s {0}",
    "שלום",
    "back\\slash\\",
    '"quoted"',
]


def test_each_is_a_line_of_the_table_as_it_is_written(mynah: Mynah) -> None:
    async def add() -> None:
        async with VoiceStore.open(mynah.data) as store:
            for name in NAMES:
                await store.add(NewVoice(guild_id=7, name=name), make_clip(len(name)))

    asyncio.run(add())
    table, found = mynah("voices").out.splitlines(), mynah("voices", "--json").out
    assert len(table) == len(NAMES) + 1
    assert all(sum(name in line for line in table) == 1 for name in NAMES)
    assert sorted(voice["name"] for voice in json.loads(found)["voices"]) == sorted(NAMES)
