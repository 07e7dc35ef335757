"""Lines over logarithmic axes, as PNG files."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 520, 380
LEFT, RIGHT, TOP, BOTTOM = 66, 34, 54, 76
COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b")

Line = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines by name over an axis from least to most; `log` for a logarithmic y axis.

    ticks: of the y axis, from its lower to its upper end.
    """

    title: str
    x: str
    y: str
    x_ticks: Sequence[float]
    ticks: Sequence[float]
    lines: Mapping[str, Line]
    log: bool = False
    limit: tuple[float, str] | None = None


def draw(charts: Sequence[Chart], file: Path) -> None:
    """Write charts side by side."""
    image = Image.new("RGB", (WIDTH * len(charts), HEIGHT), "white")
    for number, chart in enumerate(charts):
        _Panel(ImageDraw.Draw(image), chart, WIDTH * number).draw()
    file.parent.mkdir(parents=True, exist_ok=True)
    image.save(file, optimize=True)


class _Panel:
    def __init__(self, pen: ImageDraw.ImageDraw, chart: Chart, left: int) -> None:
        self._pen, self._chart, self._left = pen, chart, left
        self._font = ImageFont.load_default(13)

    def draw(self) -> None:
        """Draw axes, lines and their names."""
        chart, left = self._chart, self._left
        self._pen.text((left + LEFT, 6), chart.title, fill="black", font=ImageFont.load_default(15))
        self._pen.text((left + 8, 26), chart.y, fill="#444444", font=self._font)
        self._axes()
        for number, (name, line) in enumerate(chart.lines.items()):
            self._line(line, COLOURS[number % len(COLOURS)])
            self._name(number, name)

    def _axes(self) -> None:
        chart = self._chart
        for tick in chart.ticks:
            y = self._y(tick)
            self._pen.line((self._left + LEFT, y, self._x_end, y), fill="#dddddd")
            self._text(self._left + LEFT - 6, y, _number(tick), anchor="rm")
        for tick in chart.x_ticks:
            x = self._x(tick)
            self._pen.line((x, TOP, x, HEIGHT - BOTTOM), fill="#dddddd")
            self._text(x, HEIGHT - BOTTOM + 6, f"{tick:,.0f}", anchor="ma")
        box = (self._left + LEFT, TOP, self._x_end, HEIGHT - BOTTOM)
        self._pen.rectangle(box, outline="#888888")
        middle = (self._left + LEFT + self._x_end) / 2
        self._text(middle, HEIGHT - BOTTOM + 24, chart.x, anchor="ma", fill="#444444")
        if chart.limit is not None:
            y = self._y(chart.limit[0])
            self._pen.line((self._left + LEFT, y, self._x_end, y), fill="black")
            self._text(self._left + LEFT + 6, y - 3, chart.limit[1], anchor="ls")

    @property
    def _x_end(self) -> int:
        return self._left + WIDTH - RIGHT

    def _x(self, value: float) -> float:
        ticks = self._chart.x_ticks
        share = math.log(value / ticks[0]) / math.log(ticks[-1] / ticks[0])
        return self._left + LEFT + share * (WIDTH - LEFT - RIGHT)

    def _y(self, value: float) -> float:
        least, most = self._chart.ticks[0], self._chart.ticks[-1]
        value = min(most, max(least, value))
        if self._chart.log:
            share = math.log(value / least) / math.log(most / least)
        else:
            share = (value - least) / (most - least)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def _line(self, line: Line, colour: str) -> None:
        places = [(self._x(x), self._y(y)) for x, y in line]
        self._pen.line(places, fill=colour, width=2)
        for x, y in places:
            self._pen.ellipse((x - 3, y - 3, x + 3, y + 3), fill=colour)

    def _name(self, number: int, name: str) -> None:
        column = (WIDTH - LEFT - RIGHT) / max(1, len(self._chart.lines))
        x, y = self._left + LEFT + column * number, HEIGHT - 22
        self._pen.rectangle((x, y - 5, x + 12, y + 5), fill=COLOURS[number % len(COLOURS)])
        self._text(x + 17, y, name, anchor="lm")

    def _text(self, x: float, y: float, text: str, *, anchor: str, fill: str = "black") -> None:
        self._pen.text((x, y), text, fill=fill, font=self._font, anchor=anchor)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1 or value == 0 else f"{value:g}"
