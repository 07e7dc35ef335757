"""What is done to samples after S3Gen has a thread of its own: in order, bounded, closed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from bot.speech.engines.chatterbox.finisher import MOST_WAITING, Finisher, ended


@pytest.fixture
def finisher() -> Iterator[Finisher]:
    finisher = Finisher()
    yield finisher
    finisher.close()


def test_work_is_done_in_order_and_in_one_other_thread(finisher: Finisher) -> None:
    done: list[tuple[int, str]] = []

    def work(number: int) -> int:
        done.append((number, threading.current_thread().name))
        return number

    futures = [finisher.submit(lambda number=number: work(number)) for number in range(20)]  # type: ignore[misc]
    assert [future.result(60) for future in futures] == list(range(20))
    assert [number for number, _ in done] == list(range(20))
    assert {name for _, name in done} == {"finisher_0"}


def test_who_brings_too_much_waits(finisher: Finisher) -> None:
    release, brought = threading.Event(), threading.Event()
    for _ in range(MOST_WAITING + 1):
        finisher.submit(lambda: release.wait(60))

    def bring() -> None:
        finisher.submit(lambda: None)
        brought.set()

    bringing = threading.Thread(target=bring)
    bringing.start()
    assert not brought.wait(0.2)
    release.set()
    assert brought.wait(60)
    bringing.join()


def test_closing_forgets_what_waits_and_ends_the_thread() -> None:
    finisher = Finisher()
    release, begun = threading.Event(), threading.Event()
    threads = []

    def work() -> str:
        threads.append(threading.current_thread())
        begun.set()
        release.wait(60)
        return "done"

    first, second = finisher.submit(work), finisher.submit(lambda: "never")
    assert begun.wait(60)
    closing = threading.Thread(target=finisher.close)
    closing.start()
    second_ended = threading.Event()
    second.add_done_callback(lambda _: second_ended.set())
    assert second_ended.wait(60)
    release.set()
    closing.join(60)
    assert first.result(60) == "done"
    assert second.cancelled()
    assert [thread.is_alive() for thread in threads] == [False]


def test_a_failure_is_told_to_whoever_waits_for_it(finisher: Finisher) -> None:
    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        finisher.submit(fail).result(60)
    assert finisher.submit(lambda: 1).result(60) == 1


def test_what_is_done_already_needs_no_thread() -> None:
    assert ended(3).result(0) == 3
