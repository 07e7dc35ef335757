"""More is asked for than the engine can make; `python -m tests.overload` takes ten minutes."""

from __future__ import annotations

import pytest

from tests.overload.__main__ import overload
from tests.overload.crowd import jain

SERVERS, SECONDS = 8, 30.0


@pytest.mark.timeout(150)
async def test_servers_that_ask_too_much_get_even_shares_and_are_told_when_to_come_back() -> None:
    told = await overload(SERVERS, SECONDS)
    assert told["wrong"] == [], told


def test_the_index_is_one_where_all_have_the_same_and_small_where_one_has_all() -> None:
    assert jain([3.0, 3.0, 3.0]) == pytest.approx(1.0)
    assert jain([9.0, 0.0, 0.0]) == pytest.approx(1 / 3)
