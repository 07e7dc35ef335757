"""The picture of an upload: its waveform, the speech in it and what is kept."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from bot.enrolment.recording import Recording
from bot.enrolment.types import FRAME_SECONDS
from bot.enrolment.window import Window
from bot.i18n import pgettext

WIDTH, HEIGHT = 800, 240
SCALE = 2
"""Drawn this much larger and reduced, which smooths every edge."""

MAX_BYTES = 100_000

LEFT, RIGHT, TOP, BOTTOM = 20, WIDTH - 20, 50, 202
"""The waveform's box."""

BAR, PITCH = 2, 3
"""Width of a bar and distance from bar to bar."""

CARD = (30, 31, 34)
BAND = (44, 56, 66)
GRID = (62, 64, 71)
TEXT = (219, 222, 225)
MUTED = (155, 160, 168)
KEPT = (87, 242, 178)
SPEECH = (94, 129, 244)
OTHER = (98, 103, 115)
CLIPPED = (255, 107, 107)
"""sRGB. All stand out against a dark card, and differ in lightness for the colour-blind."""

GAMMA = 0.7
"""Bar height is the peak to this power: soft speech stays visible beside loud speech."""

TICK_SECONDS = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200)
MAX_TICKS = 11

Colour = tuple[int, int, int]


def draw_picture(recording: Recording, window: Window, *, is_kept: bool = True) -> bytes:
    """Return a PNG, 800 by 240, at most 100 kB, with its own dark background.

    Its words are in the current language, as far as Pillow's own font has letters for it: ASCII.

    is_kept: whether the window will be a voice's clip. Of a rejected recording nothing is, and the
    picture shows only where speech is.
    """
    image = Image.new("RGBA", (WIDTH * SCALE, HEIGHT * SCALE), (0, 0, 0, 0))
    canvas = _Canvas(image)
    canvas.box(0, 0, WIDTH, HEIGHT, CARD, radius=12)
    axis = _Axis(max(recording.seconds, FRAME_SECONDS))
    window = window if is_kept else Window(0, 0)
    kept = (window.start * FRAME_SECONDS, window.end * FRAME_SECONDS)
    _draw_axis(canvas, axis)
    if window.end > window.start:
        canvas.box(axis.x(kept[0]) - 2, TOP - 6, axis.x(kept[1]) + 2, BOTTOM + 2, BAND, radius=6)
    _draw_waveform(canvas, recording, window)
    _draw_title(canvas, recording, kept if is_kept else None)
    _draw_legend(canvas, bool(recording.clipped.any()), is_kept)
    reduced = image.reduce(SCALE)
    file = io.BytesIO()
    reduced.save(file, "PNG")
    if file.tell() > MAX_BYTES:  # noise in every column; 256 colours are plenty
        file = io.BytesIO()
        reduced.quantize(256).save(file, "PNG", optimize=True)
    return file.getvalue()


class _Canvas:
    """Drawing in the picture's own coordinates."""

    def __init__(self, image: Image.Image) -> None:
        self._draw = ImageDraw.Draw(image)

    def box(
        self, left: float, top: float, right: float, bottom: float, fill: Colour, radius: float = 0
    ) -> None:
        # Pillow counts the last pixel in.
        corners = (left * SCALE, top * SCALE, right * SCALE - 1, bottom * SCALE - 1)
        self._draw.rounded_rectangle(corners, radius * SCALE, fill)

    def text(self, x: float, y: float, text: str, fill: Colour, size: int, anchor: str) -> float:
        """Write text and return its width."""
        font = ImageFont.load_default(size * SCALE)
        self._draw.text((x * SCALE, y * SCALE), text, fill, font, anchor)
        return self._draw.textlength(text, font) / SCALE


class _Axis:
    """Seconds to pixels."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def x(self, second: float) -> float:
        return LEFT + (RIGHT - LEFT) * min(1.0, second / self.seconds)


def _draw_axis(canvas: _Canvas, axis: _Axis) -> None:
    step = next((s for s in TICK_SECONDS if axis.seconds / s <= MAX_TICKS), axis.seconds)
    for second in np.arange(0, axis.seconds + 1e-6, step).tolist():
        x = axis.x(second)
        canvas.box(x - 0.5, TOP - 6, x + 0.5, BOTTOM + 6, GRID)
        anchor = "lt" if second == 0 else "rt" if x > RIGHT - 8 else "mt"
        canvas.text(x, BOTTOM + 13, _clock(second), MUTED, 12, anchor)


def _draw_waveform(canvas: _Canvas, recording: Recording, window: Window) -> None:
    count = (RIGHT - LEFT) // PITCH
    heights = bar_heights(recording.samples, count)
    middle, reach = (TOP + BOTTOM) / 2, (BOTTOM - TOP) / 2
    frames = len(recording.is_speech)
    for bar in range(count):
        left = LEFT + bar * PITCH
        first = bar * frames // count
        span = slice(first, max(first + 1, (bar + 1) * frames // count))
        half = max(1.0, heights[bar] * reach)
        colour = _bar_colour(recording, window, span)
        canvas.box(left, middle - half, left + BAR, middle + half, colour, radius=1)
        if recording.clipped[span].any():
            canvas.box(left, middle - half, left + BAR, middle - half + 4, CLIPPED)
            canvas.box(left, middle + half - 4, left + BAR, middle + half, CLIPPED)


def bar_heights(samples: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.float64]:
    """Return `count` heights from 0 to 1: the peak of each stretch against the highest."""
    if len(samples) == 0:
        return np.zeros(count)
    starts = np.arange(count) * len(samples) // count
    highest = np.maximum.reduceat(samples, starts)
    lowest = np.minimum.reduceat(samples, starts)
    peaks = np.maximum(highest, -lowest).clip(0).astype(np.float64)
    heights: npt.NDArray[np.float64] = (peaks / max(float(peaks.max()), 1e-3)) ** GAMMA
    return heights


def _bar_colour(recording: Recording, window: Window, span: slice) -> Colour:
    if not recording.is_speech[span].any():
        return OTHER
    return KEPT if window.start < span.stop and span.start < window.end else SPEECH


def _draw_title(canvas: _Canvas, recording: Recording, kept: tuple[float, float] | None) -> None:
    length = _clock(recording.seconds)
    if kept is None:
        seconds = float(recording.is_speech.sum() * FRAME_SECONDS)
        title = pgettext("picture", "{seconds:.0f} s of speech").format(seconds=seconds)
        rest = pgettext("picture", "in {length}; not usable").format(length=length)
    elif kept[1] > kept[0]:
        seconds = min(kept[1], recording.seconds) - kept[0]
        title = pgettext("picture", "{seconds:.0f} s kept").format(seconds=seconds)
        rest = pgettext("picture", "of {length}").format(length=length)
    else:
        title = pgettext("picture", "Nothing to keep")
        rest = pgettext("picture", "in {length}").format(length=length)
    width = canvas.text(LEFT, 26, title, TEXT, 16, "lm")
    canvas.text(LEFT + width + 6, 26, rest, MUTED, 16, "lm")


def _draw_legend(canvas: _Canvas, clipped: bool, is_kept: bool) -> None:
    silent = (pgettext("picture", "No speech"), OTHER)
    entries = [(pgettext("picture", "Speech"), SPEECH), silent]
    if is_kept:
        other = (pgettext("picture", "Other speech"), SPEECH)
        entries = [(pgettext("picture", "Kept speech"), KEPT), other, silent]
    if clipped:
        entries.append((pgettext("picture", "Too loud"), CLIPPED))
    x = float(RIGHT)
    for label, colour in reversed(entries):
        x -= canvas.text(x, 26, label, MUTED, 12, "rm") + 15
        canvas.box(x, 21, x + 10, 31, colour, radius=3)
        x -= 14


def _clock(seconds: float) -> str:
    if seconds != int(seconds) and seconds < 10:
        return f"0:{seconds:04.1f}"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
