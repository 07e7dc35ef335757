"""Recordings in an engine's memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.pool.clip_cache import ClipCache


def test_the_least_recently_used_clip_makes_room() -> None:
    cache = ClipCache(20)
    for name in ("a", "b"):
        cache.put(name, bytes(10))
    assert cache.get("a") == bytes(10)
    cache.put("c", bytes(10))
    assert ("a" in cache, "b" in cache, "c" in cache) == (True, False, True)


def test_a_clip_longer_than_the_bound_is_there_until_the_next() -> None:
    cache = ClipCache(5)
    cache.put("long", bytes(10))
    assert cache.get("long") == bytes(10)
    cache.put("other", bytes(1))
    assert cache.get("long") is None


def test_what_is_forgotten_is_gone() -> None:
    cache = ClipCache(100)
    cache.put("a", b"clip")
    cache.forget("a")
    cache.forget("a")
    assert cache.get("a") is None
    assert (cache.bytes_used, len(cache)) == (0, 0)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 30))))
def test_bytes_are_counted_and_bounded(puts: list[tuple[str, int]]) -> None:
    cache = ClipCache(50)
    for name, size in puts:
        cache.put(name, bytes(size))
        assert cache.bytes_used <= 50
        kept = (cache.get(each) for each in "abcd" if each in cache)
        assert cache.bytes_used == sum(len(content or b"") for content in kept)
