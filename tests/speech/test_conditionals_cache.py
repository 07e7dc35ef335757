import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.speech.engines.chatterbox.cache import ConditionalsCache


def new_cache(max_bytes: int = 10) -> ConditionalsCache[str, bytes]:
    return ConditionalsCache(max_bytes, len)


def test_a_value_is_made_once() -> None:
    cache, made = new_cache(), []
    for _ in range(2):
        assert cache.get_or_make("a", lambda: made.append(1) or b"value") == b"value"
    assert len(made) == 1


def test_the_value_unused_for_longest_gives_way() -> None:
    cache = new_cache()
    for key in "ab":
        cache.get_or_make(key, lambda: b"1234")
    cache.get_or_make("a", bytes)
    cache.get_or_make("c", lambda: b"1234")
    assert cache.get_or_make("a", bytes) == b"1234"
    assert cache.get_or_make("b", lambda: b"made again") == b"made again"


def test_a_value_beyond_the_bound_is_not_held() -> None:
    cache = new_cache()
    cache.get_or_make("small", lambda: b"1234")
    assert cache.get_or_make("big", lambda: b"x" * 11) == b"x" * 11
    assert (len(cache), cache.bytes_used) == (1, 4)


def test_a_failure_to_make_holds_nothing() -> None:
    def fail() -> bytes:
        raise KeyError

    cache = new_cache()
    with pytest.raises(KeyError):
        cache.get_or_make("a", fail)
    assert (len(cache), cache.bytes_used) == (0, 0)


def test_values_give_way_when_there_is_no_room_left() -> None:
    room = [100]
    cache: ConditionalsCache[str, bytes] = ConditionalsCache(10, len, lambda: room[0])
    cache.get_or_make("a", lambda: b"1234")
    room[0] = -3
    cache.get_or_make("b", lambda: b"1234")
    assert (len(cache), cache.bytes_used) == (1, 4)
    room[0] = -100
    assert cache.get_or_make("c", lambda: b"1234") == b"1234"
    assert len(cache) == 0


def test_clearing_forgets_everything() -> None:
    cache = new_cache()
    cache.get_or_make("a", lambda: b"1234")
    cache.clear()
    assert (len(cache), cache.bytes_used) == (0, 0)
    assert cache.get_or_make("a", lambda: b"new") == b"new"


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 15)), max_size=50))
def test_the_bound_holds_whatever_comes(requests: list[tuple[int, int]]) -> None:
    cache: ConditionalsCache[int, bytes] = ConditionalsCache(20, len)
    for key, size in requests:
        cache.get_or_make(key, lambda size=size: bytes(size))
        assert cache.bytes_used <= 20


def test_it_may_be_cleared_from_another_thread_while_a_value_is_made() -> None:
    cache, clear = new_cache(), []

    def make() -> bytes:
        clear.append(threading.Thread(target=cache.clear))
        clear[0].start()
        return b"1234"

    assert cache.get_or_make("a", make) == b"1234"
    clear[0].join(10)
    assert (len(cache), cache.bytes_used) == (0, 0)
