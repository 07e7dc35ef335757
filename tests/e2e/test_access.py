"""Every command, menu and button by every kind of member: table.md, cell by cell."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.cogs.access.outcomes import outcome
from tests.cogs.access.people import KINDS, People, people
from tests.cogs.access.table import rows
from tests.cogs.access.uses import USES, Cell

ROWS = rows()

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[People]:
    async with people(tmp_path_factory.mktemp("data")) as here:
        yield here


@pytest.mark.parametrize("name", ROWS)
async def test_each_kind_of_member_may_do_what_the_table_says(here: People, name: str) -> None:
    outcomes = {}
    for kind in KINDS:
        voice = await here.voice()
        await here.tidy(kind)
        outcomes[kind] = outcome(USES[name], await USES[name].by(Cell(here, kind, voice)))
        await here.forget(voice)
    assert outcomes == ROWS[name]
