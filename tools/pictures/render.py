"""From what was shown to a picture: a page, a screenshot, few colours."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from tools.pictures.browser import Browser, font_directory
from tools.pictures.markdown import Names
from tools.pictures.message import shown_html
from tools.pictures.shown import Shown

WIDTH = 640
"""Of a picture, in CSS pixels."""

MAX_BYTES = 200_000
_COLOURS = 192
_FONTS = {
    "Noto Sans": "noto-sans-latin-v*.ttf",
    "Noto Mono": "noto-sans-mono-v*.ttf",
    "Noto Emoji": "noto-color-emoji-v*.ttf",
    "Noto CJK": "noto-sans-sc-v*.ttf",
}


class TooLargeError(Exception):
    """A picture that would not be looked at on a slow line."""


async def picture(browser: Browser, shown: Sequence[Shown], names: Names) -> bytes:
    """Return the PNG of what was shown. Raises TooLargeError."""
    png = _with_few_colours(await browser.picture(page(shown, names), "#picture"))
    if len(png) > MAX_BYTES:
        raise TooLargeError(f"The picture has {len(png)} bytes; at most {MAX_BYTES} are allowed.")
    return png


def page(shown: Sequence[Shown], names: Names) -> str:
    """Return a whole page with what was shown, one below the other."""
    exchanges = "".join(f'<div class="exchange">{shown_html(each, names)}</div>' for each in shown)
    style = _fonts() + Path(__file__).with_name("style.css").read_text(encoding="utf-8")
    return (
        f'<!DOCTYPE html><meta charset="utf-8"><style>{style}</style>'
        f'<div id="picture">{exchanges}</div>'
    )


def _fonts() -> str:
    faces = (
        f'@font-face {{ font-family: "{family}"; font-weight: 100 900; '
        f'src: url("{path.as_uri()}"); }}'
        for family, pattern in _FONTS.items()
        for path in font_directory().glob(pattern)
    )
    return "\n".join(faces) + "\n"


def _with_few_colours(png: bytes) -> bytes:
    image = Image.open(io.BytesIO(png)).convert("RGB")
    few = image.quantize(_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    output = io.BytesIO()
    few.save(output, "PNG", optimize=True)
    return output.getvalue()
