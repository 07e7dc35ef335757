"""Which shards a process runs: what may be configured, and which servers they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.shards import MAX_SHARDS, Shards, parse_shards


def some(count: int) -> st.SearchStrategy[Shards]:
    ids = st.sets(st.integers(0, count - 1), min_size=1)
    return ids.map(lambda ids: Shards(tuple(sorted(ids)), count))


SHARDS = st.integers(1, 12).flatmap(some)


@pytest.mark.parametrize(
    ("text", "ids", "count"),
    [
        ("0-15/64", tuple(range(16)), 64),
        ("3/8", (3,), 8),
        ("0,2,4/8", (0, 2, 4), 8),
        (" 0 - 1 , 5 / 8 ", (0, 1, 5), 8),
        ("7,3-4/8", (3, 4, 7), 8),
        ("0/1", (0,), 1),
        (f"16383/{MAX_SHARDS}", (16_383,), MAX_SHARDS),
        ("00001/0002", (1,), 2),
    ],
)
def test_shards_are_ids_and_ranges_of_a_number(text: str, ids: tuple[int, ...], count: int) -> None:
    assert parse_shards(text) == Shards(ids, count)


@pytest.mark.parametrize("text", ["auto", "Auto", " AUTO "])
def test_auto_is_all_of_them(text: str) -> None:
    assert parse_shards(text) is None


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("5-3/8", "in 5-3 the first shard should not be above the last"),
        ("8/8", "of 8 shards the last is 7"),
        ("0-8/8", "of 8 shards the last is 7"),
        ("0/0", "from 1 to 16384"),
        (f"0/{MAX_SHARDS + 1}", "from 1 to 16384"),
        ("0/" + "9" * 5000, "from 1 to 16384"),
        ("9" * 5000 + "/8", "of 8 shards the last is 7"),
        ("0-2,2/4", "names a shard twice"),
        *((text, "should be") for text in ("", "3", "/8", "3/", "-1/8", "a/8", "1-/8", "1,,2/8",
                                           "1-2-3/8", "1/8/9", "٣/8", "0.5/8")),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(text: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        parse_shards(text)


@given(SHARDS)
def test_what_is_shown_can_be_configured(shards: Shards) -> None:
    assert parse_shards(str(shards)) == shards


@given(SHARDS, SHARDS)
def test_processes_that_run_side_by_side_never_have_one_server_both(
    one: Shards, other: Shards
) -> None:
    if one.shares_none_with(other):
        guilds = [number << 22 for number in range(one.count)]
        assert not any(one.covers(guild_id) and other.covers(guild_id) for guild_id in guilds)
    else:
        assert one.count != other.count or set(one.ids) & set(other.ids)
