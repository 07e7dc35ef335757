"""Members and voices that are called what breaks out, in every command; tests/e2e has all names."""

from __future__ import annotations

import pytest

from tests.cogs.conftest import Scene
from tests.cogs.names.driving import drive, elsewhere, wrong
from tests.cogs.names.looking import BENIGN

pytestmark = pytest.mark.usefixtures("texts_wait")

NASTY = ("[```](x)|| שלום _@everyone", "[```](x)|| שלום _@everyone")


async def test_no_command_makes_more_of_a_name_than_a_name(scene: Scene) -> None:
    benign = await drive(scene, BENIGN, BENIGN)
    found = list(wrong(await drive(elsewhere(scene), *NASTY), benign))
    assert found == [], "\n".join(found)
