"""Members, channels, roles and voices that are called what breaks out, in every command."""

from __future__ import annotations

import pytest

from tests.cogs.conftest import Scene
from tests.cogs.names.driving import drive, elsewhere, wrong
from tests.cogs.names.looking import BENIGN, stored, table

pytestmark = pytest.mark.usefixtures("texts_wait")

# Of each kind those that no other of it covers; tests/cogs/names/test_answers.py has every name.
VOICES = [
    "[```](x)", "||spoiler||", ">>> quote", "1. item", "back\\slash\\", "[bank](https://evil.example)",
    "@everyone", "</say:1>", "سلام 123", "Eve (אבג) 5", "../../etc/passwd", "{voice} %s {0}",
    "W" * 32,
]  # fmt: skip
PARTS = 4
MEMBERS = ["\u202eannA", "\u2066Eve", "Z\u0337\u0335\u0300\u0301\u0302\u0303algo"]


def test_the_names_are_those_of_the_table() -> None:
    assert set(VOICES) <= set(stored())
    assert set(MEMBERS) <= {name for name, outcome in table().items() if "refused" in outcome}


@pytest.mark.parametrize("part", range(PARTS))
async def test_no_command_makes_more_of_a_name_than_a_name(scene: Scene, part: int) -> None:
    benign = await drive(scene, BENIGN, BENIGN)
    found = []
    for name in VOICES[part::PARTS]:
        found += [(name, each) for each in wrong(await drive(elsewhere(scene), name, name), benign)]
    assert not found, "\n".join(f"{name!a}: {each}" for name, each in found)


async def test_nor_of_a_members_that_no_voice_may_have(scene: Scene) -> None:
    benign = await drive(scene, BENIGN, None)
    found = []
    for name in MEMBERS:
        found += [(name, each) for each in wrong(await drive(elsewhere(scene), name, None), benign)]
    assert not found, "\n".join(f"{name!a}: {each}" for name, each in found)
