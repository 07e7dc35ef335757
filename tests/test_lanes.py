"""Work in order within a guild."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from bot.errors import UserError
from bot.lanes import MAX_WAITING, Lanes
from storage.errors import StorageError

GUILD, OTHER = 1, 2


@pytest.fixture
async def lanes() -> AsyncIterator[Lanes]:
    lanes = Lanes()
    yield lanes
    await lanes.close()


def noting(done: list[str], name: str, gate: asyncio.Event) -> Callable[[], Awaitable[None]]:
    async def work() -> None:
        await gate.wait()
        done.append(name)

    return work


async def until(done: list[str], number: int) -> None:
    async with asyncio.timeout(5):
        while len(done) < number:
            await asyncio.sleep(0)


def opened() -> asyncio.Event:
    gate = asyncio.Event()
    gate.set()
    return gate


async def test_work_of_a_guild_is_done_in_order_and_others_do_not_wait(lanes: Lanes) -> None:
    done: list[str] = []
    gate = asyncio.Event()
    lanes.post(GUILD, noting(done, "slow", gate))
    lanes.post(GUILD, noting(done, "quick", opened()))
    lanes.post(OTHER, noting(done, "other", opened()))
    await until(done, 1)
    assert done == ["other"]
    gate.set()
    await until(done, 3)
    assert done == ["other", "slow", "quick"]


@pytest.mark.parametrize(
    ("error", "level"),
    [(UserError("Muted."), "debug"), (StorageError("Full."), "warning"), (KeyError(), "error")],
)
async def test_work_that_fails_does_not_hold_up_the_next(
    lanes: Lanes, error: Exception, level: str
) -> None:
    async def fail() -> None:
        raise error

    done: list[str] = []
    with capture_logs() as lines:
        lanes.post(GUILD, fail)
        lanes.post(GUILD, noting(done, "next", opened()))
        await until(done, 1)
    assert [line["log_level"] for line in lines] == [level]


async def test_of_too_much_the_oldest_is_forgotten(lanes: Lanes) -> None:
    done: list[str] = []
    gate = asyncio.Event()
    lanes.post(GUILD, noting(done, "first", gate))
    await asyncio.sleep(0)  # it has begun
    for number in range(MAX_WAITING + 1):
        lanes.post(GUILD, noting(done, str(number), opened()))
    gate.set()
    await until(done, MAX_WAITING + 1)
    assert done[:2] == ["first", "1"]


async def test_closing_ends_what_is_being_done(lanes: Lanes) -> None:
    done: list[str] = []
    lanes.post(GUILD, noting(done, "never", asyncio.Event()))
    await asyncio.sleep(0)
    await lanes.close()
    assert done == []
    assert [t for t in asyncio.all_tasks() if t.get_name() == "lane"] == []
