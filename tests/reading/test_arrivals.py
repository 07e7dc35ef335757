"""Comings and goings that are gathered."""

from bot.reading.arrivals import MOST_NAMED, Arrivals, Gathered
from bot.reading.message import Author

ANN, BEN = Author(1, "Ann"), Author(2, "Ben")


def test_who_came_and_who_went_is_told_in_order() -> None:
    arrivals = Arrivals()
    arrivals.note(BEN, joined=True)
    arrivals.note(ANN, joined=False)
    gathered = arrivals.take()
    assert (gathered.joined, gathered.left) == ((BEN,), (ANN,))
    assert not gathered.crowd
    assert arrivals.take() == Gathered()


def test_who_comes_and_goes_again_did_neither() -> None:
    arrivals = Arrivals()
    for joined in (True, False, True, False):
        arrivals.note(ANN, joined=joined)
    assert arrivals.take() == Gathered()


def test_many_are_a_crowd() -> None:
    arrivals = Arrivals()
    for number in range(MOST_NAMED + 1):
        arrivals.note(Author(number, "Guest"), joined=bool(number % 2))
    assert arrivals.take().crowd
