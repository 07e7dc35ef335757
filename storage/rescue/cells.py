"""Rows in the leaves of SQLite's trees, each read by itself.

Formats: https://www.sqlite.org/fileformat2.html, sections 1.6 (b-tree pages), 1.7 (overflow) and
2.1 (records).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from storage.rescue.pages import HEADER_BYTES, Pages

TABLE_LEAF, TABLE_INSIDE, INDEX_LEAF, INDEX_INSIDE = 13, 5, 10, 2
LEAVES, INSIDES = (TABLE_LEAF, INDEX_LEAF), (TABLE_INSIDE, INDEX_INSIDE)

MOST_ROW_BYTES = 16 * 1024 * 1024
"""No row of Mynah's comes near it; a damaged length might say anything."""

Value: TypeAlias = int | float | str | bytes | None

_MOST_COLUMNS = 200


class CellError(Exception):
    """A row cannot be read."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it lies in a page. rowid: None in a tree that is ordered by its columns."""

    rowid: int | None
    values: tuple[Value, ...]


def kind_of(number: int, page: bytes) -> int:
    """Return which kind of page it is, by its first byte."""
    return page[_start(number)]


def children(number: int, page: bytes) -> Iterator[int]:
    """Yield the pages below an inner page; what cannot be read is left out."""
    start = _start(number)
    for offset in _cells(number, page, 12):
        yield int.from_bytes(page[offset : offset + 4], "big")
    yield int.from_bytes(page[start + 8 : start + 12], "big")


def rows(pages: Pages, number: int, page: bytes) -> Iterator[Row | None]:
    """Yield the rows of a page, None for one that cannot be read.

    Also an inner page of a tree that is ordered by columns has rows.
    """
    kind = kind_of(number, page)
    if kind == TABLE_INSIDE:
        return
    for offset in _cells(number, page, 12 if kind in INSIDES else 8):
        try:
            yield _row(pages, page, offset, kind)
        except (CellError, IndexError, ValueError, struct.error):
            yield None


def _start(number: int) -> int:
    return HEADER_BYTES if number == 1 else 0


def _cells(number: int, page: bytes, header: int) -> Iterator[int]:
    start = _start(number)
    count = int.from_bytes(page[start + 3 : start + 5], "big")
    first = start + header
    for position in range(first, min(first + 2 * count, len(page) - 1), 2):
        offset = int.from_bytes(page[position : position + 2], "big")
        if first <= offset < len(page):
            yield offset


def _row(pages: Pages, page: bytes, offset: int, kind: int) -> Row:
    if kind == INDEX_INSIDE:
        offset += 4
    length, offset = _varint(page, offset)
    rowid = None
    if kind == TABLE_LEAF:
        rowid, offset = _varint(page, offset)
        rowid -= 2**64 if rowid >= 2**63 else 0
    return Row(rowid, _values(_payload(pages, page, offset, length, kind)))


def _payload(pages: Pages, page: bytes, offset: int, length: int, kind: int) -> bytes:
    if not 0 < length <= MOST_ROW_BYTES:
        raise CellError
    usable = pages.usable
    most = usable - 35 if kind == TABLE_LEAF else (usable - 12) * 64 // 255 - 23
    if length <= most:
        return _slice(page, offset, length)
    least = (usable - 12) * 32 // 255 - 23
    here = least + (length - least) % (usable - 4)
    here = here if here <= most else least
    pieces = [_slice(page, offset, here)]
    following = int.from_bytes(_slice(page, offset + here, 4), "big")
    return b"".join([*pieces, *_overflow(pages, following, length - here)])


def _overflow(pages: Pages, number: int, left: int) -> Iterator[bytes]:
    while left > 0:
        if not 0 < number <= pages.count:
            raise CellError
        page, usable = pages.page(number), pages.usable
        yield page[4 : 4 + min(left, usable - 4)]
        left -= usable - 4
        number = int.from_bytes(page[:4], "big")


def _slice(content: bytes, offset: int, length: int) -> bytes:
    piece = content[offset : offset + length]
    if len(piece) < length:
        raise CellError
    return piece


def _values(record: bytes) -> tuple[Value, ...]:
    header, position = _varint(record, 0)
    kinds = []
    while position < header:
        kind, position = _varint(record, position)
        kinds.append(kind)
    if position != header or len(kinds) > _MOST_COLUMNS:
        raise CellError
    values: list[Value] = []
    for kind in kinds:
        value, position = _value(record, position, kind)
        values.append(value)
    if position != len(record):
        raise CellError
    return tuple(values)


_WHOLE = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


def _value(record: bytes, position: int, kind: int) -> tuple[Value, int]:
    if kind == 0:
        return None, position
    if kind in (8, 9):
        return kind - 8, position
    if size := _WHOLE.get(kind):
        piece = _slice(record, position, size)
        return int.from_bytes(piece, "big", signed=True), position + size
    if kind == 7:
        return struct.unpack(">d", _slice(record, position, 8))[0], position + 8
    if kind < 12:
        raise CellError
    size = (kind - 12) // 2
    piece = _slice(record, position, size)
    return (piece if kind % 2 == 0 else piece.decode("utf-8")), position + size


def _varint(content: bytes, offset: int) -> tuple[int, int]:
    value = 0
    for number in range(9):
        byte = content[offset + number]
        if number == 8:
            return (value << 8) | byte, offset + 9
        value = (value << 7) | (byte & 0x7F)
        if byte < 0x80:
            return value, offset + number + 1
    raise CellError
