"""All rows that can be read: along the trees, then in pages that no tree leads to any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from storage.rescue.cells import (
    INDEX_INSIDE,
    INDEX_LEAF,
    INSIDES,
    LEAVES,
    TABLE_INSIDE,
    TABLE_LEAF,
    Row,
    Value,
    children,
    kind_of,
    rows,
)
from storage.rescue.pages import Pages
from storage.rescue.shapes import Shape

_SCHEMA = 1  # the page where the tree of the schema begins
_MOST_DEPTH = 40


@dataclass(slots=True)
class Seen:
    """What was found. lost: pages that should hold something and do not. torn: rows in pages that
    can be read which cannot be, by table. strays: pages that no tree led to and that were read.
    """

    pages: int = 0
    lost: set[int] = field(default_factory=set)
    torn: Counter[str] = field(default_factory=Counter)
    strays: int = 0


class Reader:
    """Reads a damaged database. Raises OSError where the disk does."""

    def __init__(self, pages: Pages, shapes: tuple[Shape, ...]) -> None:
        self._pages = pages
        self._shapes = {shape.name: shape for shape in shapes}
        self._visited: set[int] = set()
        self.seen = Seen(pages=pages.count)

    def rows(self) -> Iterator[tuple[Shape, dict[str, Value]]]:
        """Yield rows of tables; those that the trees lead to first."""
        roots = self._roots()
        for name, root in sorted(roots.items()):
            shape = self._shapes.get(name)
            yield from self._of_tree(name, root, shape)
        if self.seen.lost or not set(self._tables()) <= roots.keys():
            yield from self._of_strays()

    def sequences(self) -> dict[str, int]:
        """Return the highest number that each table ever gave, as far as it is known."""
        found: dict[str, int] = {}
        root = self._all_roots().get("sqlite_sequence")
        if root is not None:
            for row in self._walk(root, by_columns=False, visited=set()):
                match row.values if row else ():
                    case (str(name), int(number)):
                        found[name] = number
        return found

    def _tables(self) -> Iterator[str]:
        return (name for name, shape in self._shapes.items() if shape.is_table)

    def _roots(self) -> dict[str, int]:
        roots = self._all_roots()
        self._visited.add(_SCHEMA)
        return roots

    def _all_roots(self) -> dict[str, int]:
        """Return where the trees of tables and indices begin."""
        roots: dict[str, int] = {}
        for row in self._walk(_SCHEMA, by_columns=False, visited=set()):
            match row.values if row else ():
                case (("table" | "index"), str(name), str(_), int(root), _) if root > 0:
                    roots[name] = root
        return roots

    def _of_tree(
        self, name: str, root: int, shape: Shape | None
    ) -> Iterator[tuple[Shape, dict[str, Value]]]:
        by_columns = shape.by_columns if shape is not None else name != "sqlite_sequence"
        for row in self._walk(root, by_columns=by_columns, visited=self._visited):
            if shape is None or not shape.is_table:
                continue
            if row is not None and shape.fits(row):
                yield shape, shape.named(row)
            else:
                self.seen.torn[name] += 1

    def _walk(self, root: int, *, by_columns: bool, visited: set[int]) -> Iterator[Row | None]:
        """Yield the rows of a tree, None for one that cannot be read."""
        leaf, inside = (INDEX_LEAF, INDEX_INSIDE) if by_columns else (TABLE_LEAF, TABLE_INSIDE)
        waiting = [(root, 0)]
        while waiting:
            number, depth = waiting.pop()
            if not 0 < number <= self._pages.count or number in visited or depth > _MOST_DEPTH:
                self.seen.lost.add(number)
                continue
            page = self._pages.page(number)
            kind = kind_of(number, page)
            if kind not in (leaf, inside):
                self.seen.lost.add(number)
                continue
            visited.add(number)
            if kind == inside:
                waiting += [(child, depth + 1) for child in children(number, page)]
            yield from rows(self._pages, number, page)

    def _of_strays(self) -> Iterator[tuple[Shape, dict[str, Value]]]:
        free = self._pages.free()
        for number in range(1, self._pages.count + 1):
            if number in self._visited or number in free:
                continue
            page = self._pages.page(number)
            if kind_of(number, page) not in (*LEAVES, *INSIDES):
                continue
            found = [row for row in rows(self._pages, number, page) if row is not None]
            shape = self._shape_of(found)
            if shape is not None:
                self.seen.strays += 1
                for row in found:
                    yield shape, shape.named(row)

    def _shape_of(self, found: list[Row]) -> Shape | None:
        """Return the one table that all rows of a page can be of; None where others can, too."""
        fitting = [
            shape for shape in self._shapes.values() if found and all(map(shape.fits, found))
        ]
        return fitting[0] if len(fitting) == 1 and fitting[0].is_table else None
