"""Take docs/images/dashboard.png anew: `python -m tools.dashboard PROMETHEUS [--minutes M]`.

PROMETHEUS is its program, such as of Debian's package. Grafana is not needed: the panels are drawn
by this tool from what Prometheus answers to the dashboard's own expressions. `--data` keeps what
was recorded; `--draw` draws it again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image

from tools.dashboard import prometheus
from tools.dashboard.draw import page
from tools.dashboard.record import PORT, SPAN, record
from tools.pictures.browser import open_browser

OUT = Path(__file__).parents[2] / "docs" / "images" / "dashboard.png"
PAGE_WIDTH = 1368


async def _draw(program: Path, data: Path, out: Path) -> None:
    text = await asyncio.to_thread((data / SPAN).read_text)
    begin, end = json.loads(text)
    async with prometheus.running(program, data, PORT) as asked:
        html = await page(asked, begin, end)
    async with open_browser(PAGE_WIDTH) as browser:
        png = await browser.picture(html, "#dashboard")
    # Few colours: a third of the bytes, and nobody sees it.
    Image.open(BytesIO(png)).quantize(96).save(out, optimize=True)


def main() -> None:
    """Record and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prometheus", type=Path)
    parser.add_argument("--minutes", type=float, default=6.0)
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--draw", action="store_true", help="only draw what is in --data")
    parser.add_argument("-o", "--out", type=Path, default=OUT)
    given = parser.parse_args()
    data = given.data or Path(tempfile.mkdtemp(prefix="mynah-prometheus-"))
    if not given.draw:
        asyncio.run(record(given.prometheus, data, given.minutes))
    asyncio.run(_draw(given.prometheus, data, given.out))


if __name__ == "__main__":
    main()
