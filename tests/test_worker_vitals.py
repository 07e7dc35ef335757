"""When a child that the kernel calls alive counts as lost."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator

import pytest

from bot.workers.vitals import LONG_LOOKS, STILL_LOOKS, LifeWatch, Vitals, read_vitals

RESTING = Vitals(0, running=False)
STARVED = Vitals(0, running=True)


class Computing:
    """Uses some processor time between two looks."""

    def __init__(self) -> None:
        self.ticks = 0

    def __call__(self, _pid: int, _helpers: Collection[int]) -> Vitals:
        self.ticks += 100
        return Vitals(self.ticks, running=False)


def resting(_pid: int, _helpers: Collection[int]) -> Vitals:
    return RESTING


def looks(watch: LifeWatch, *, beaten: bool, computing: bool, long: bool = False) -> Iterator[str]:
    while True:
        yield watch.look(beaten=beaten, computing=computing, long=long)


def looks_until_lost(
    watch: LifeWatch, *, beaten: bool, computing: bool, long: bool = False, most: int = 200
) -> int | None:
    """Return at which look it counts as lost; None if at none of `most`."""
    found = looks(watch, beaten=beaten, computing=computing, long=long)
    return next((n for n in range(1, most) if next(found)), None)


@pytest.mark.parametrize(
    ("beaten", "computing", "long", "lost_at"),
    [
        (True, False, False, None),  # waits for a call
        (True, True, False, STILL_LOOKS),  # hangs without the lock
        (True, False, True, None),  # a load that waits for the network
        (False, True, False, STILL_LOOKS),  # hangs with the lock
        (False, False, False, STILL_LOOKS),
        (False, False, True, LONG_LOOKS),
    ],
)
def test_a_child_that_does_nothing(
    beaten: bool, computing: bool, long: bool, lost_at: int | None
) -> None:
    watch = LifeWatch(1, resting)
    assert looks_until_lost(watch, beaten=beaten, computing=computing, long=long) == lost_at


@pytest.mark.parametrize(
    ("beaten", "long", "lost_at"),
    [(True, False, None), (False, False, LONG_LOOKS), (False, True, None)],
)
def test_a_child_that_computes(beaten: bool, long: bool, lost_at: int | None) -> None:
    watch = LifeWatch(1, Computing())
    assert looks_until_lost(watch, beaten=beaten, computing=not long, long=long) == lost_at


def test_a_child_that_others_keep_from_the_processor_is_not_lost_at_once() -> None:
    watch = LifeWatch(1, lambda _pid, _helpers: STARVED)
    assert looks_until_lost(watch, beaten=False, computing=True) == LONG_LOOKS


def test_where_the_system_does_not_tell_only_beats_count() -> None:
    watch = LifeWatch(1, lambda _pid, _helpers: None)
    assert looks_until_lost(watch, beaten=True, computing=True) is None
    assert looks_until_lost(watch, beaten=False, computing=True) == LONG_LOOKS


def test_one_sign_of_life_begins_the_count_anew() -> None:
    watch = LifeWatch(1, resting)
    for _ in range(3):
        for _ in range(STILL_LOOKS - 1):
            assert watch.look(beaten=False, computing=False) == ""
        assert watch.look(beaten=True, computing=False) == ""


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="Linux tells")  # noqa: PTH110
def test_the_kernel_tells_of_this_process_and_helpers_do_not_count() -> None:
    mine = read_vitals(os.getpid())
    assert mine is not None
    assert mine.running
    threads = [int(name) for name in os.listdir("/proc/self/task")]  # noqa: PTH208
    assert read_vitals(os.getpid(), threads) == Vitals(0, running=False)


def test_the_kernel_tells_nothing_of_a_process_that_ended() -> None:
    assert read_vitals(2**22 + 1) is None
