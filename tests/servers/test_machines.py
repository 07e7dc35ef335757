"""Several machines at work on one database and one bucket; `make processes-servers` takes more."""

from __future__ import annotations

import pytest

from tests.processes.__main__ import on_machines


@pytest.mark.timeout(180)
def test_machines_that_change_one_store_lose_nothing_and_see_nothing_stale() -> None:
    found = on_machines(processes=3, seconds=8.0, seed=11)
    assert found["wrong"] == [], found
    assert found["done"]["enrol"] > 0
