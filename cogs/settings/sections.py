"""What a panel shows at a time: some settings of one page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.i18n import _
from bot.settings.catalogue import Definition, definitions, pages
from bot.settings.definition import Settings

MAX_DEFINITIONS = 8
"""So that all of them, with what they mean, fit the 4096 characters of an embed, and a screen."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the panel. name: marked, not translated. number, of: where a page takes several."""

    name: str
    definitions: tuple[Definition, ...] = ()
    number: int = 1
    of: int = 1

    @property
    def key(self) -> str:
        """What tells it from the others."""
        return f"{self.name} {self.number}"

    @property
    def title(self) -> str:
        """Its name in the current language."""
        if self.of == 1:
            return _(self.name)
        return _("{page} ({number} of {count})").format(
            page=_(self.name), number=self.number, count=self.of
        )


def sections_by_page(
    model: type[Settings], bounds_of: Callable[[Definition], Definition] = lambda about: about
) -> list[Section]:
    """Return the settings of a model by their pages, in the order of these.

    bounds_of: narrows what a setting can be.
    """
    return [
        section
        for page in pages(model)
        for section in split(page.value, [bounds_of(each) for each in definitions(model, page)])
    ]


def split(name: str, settings: Sequence[Definition]) -> list[Section]:
    """Return as few sections as hold the settings, all about as long."""
    count = -(-len(settings) // MAX_DEFINITIONS)
    bounds = [len(settings) * number // count for number in range(count + 1)] if count else []
    return [
        Section(name, tuple(settings[start:end]), number, count)
        for number, (start, end) in enumerate(pairwise(bounds), 1)
    ]
