"""The series of a soak as a picture: memory, descriptors, threads and tasks over time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from tests.e2e.soak.series import Series

WIDTH, PANEL, MARGIN = 1_000, 190, 60
PANELS = (
    ("resident", "resident memory, MB"),
    ("descriptors", "descriptors"),
    ("threads", "threads"),
    ("tasks", "tasks of the bot"),
)
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#8c564b", "#e377c2")


def draw(series: Sequence[Series], file: Path) -> None:
    """Write the picture as PNG."""
    image = Image.new("RGB", (WIDTH, PANEL * len(PANELS) + MARGIN), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(13)
    names = sorted({each.name for each in series})
    for number, name in enumerate(names):
        colour = COLOURS[number % len(COLOURS)]
        pen.text((MARGIN + 160 * number, 8), name, fill=colour, font=font)
    for number, (what, title) in enumerate(PANELS):
        _panel(pen, series, names, what, title, MARGIN // 2 + number * PANEL + 10)
    file.parent.mkdir(parents=True, exist_ok=True)
    image.save(file)


def _panel(
    pen: ImageDraw.ImageDraw,
    series: Sequence[Series],
    names: Sequence[str],
    what: str,
    title: str,
    top: int,
) -> None:
    font = ImageFont.load_default(13)
    bottom, right = top + PANEL - 40, WIDTH - 20
    points = [sample for each in series for sample in each.samples]
    longest = max([sample.at for sample in points], default=1.0) or 1.0
    most = max([float(getattr(sample, what)) for sample in points], default=1.0) * 1.05 or 1.0
    pen.rectangle((MARGIN, top, right, bottom), outline="#999999")
    pen.text((MARGIN + 6, top + 4), title, fill="black", font=font)
    pen.text((6, top), f"{most:.0f}", fill="black", font=font)
    pen.text((6, bottom - 12), "0", fill="black", font=font)
    pen.text((right - 60, bottom + 4), f"{longest / 60:.0f} min", fill="black", font=font)
    for each in series:
        line = [
            (
                MARGIN + (right - MARGIN) * sample.at / longest,
                bottom - (bottom - top) * float(getattr(sample, what)) / most,
            )
            for sample in each.samples
        ]
        if what != "tasks" or each.name == "bot":
            pen.line(line, fill=COLOURS[names.index(each.name) % len(COLOURS)], width=2)
