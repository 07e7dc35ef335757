"""A headless Chromium that takes pictures, driven by its DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
START_SECONDS = 60.0
CALL_SECONDS = 60.0
STOP_SECONDS = 10.0
SCALE = 2.0
"""Pixels of a picture for each of the page's, so that text stays sharp."""

_MAX_MESSAGE = 64 * 1024 * 1024
_ADDRESS = re.compile(rb"DevTools listening on (ws://\S+)")


class NoBrowserError(Exception):
    """There is no Chromium, or it does not do what it should."""


class Browser:
    """One page, on which HTML is shown."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = count(1)
        self._session: str | None = None

    async def open_page(self, blank: Path, width: int) -> None:
        """Open a page of a width in CSS pixels. blank: a file; only beside files may fonts load."""
        target = await self._call("Target.createTarget", url="about:blank")
        attached = await self._call(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        self._session = attached["sessionId"]
        await self._call("Page.navigate", url=blank.as_uri())
        await self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=600, deviceScaleFactor=SCALE, mobile=False,
        )  # fmt: skip

    async def picture(self, html: str, selector: str) -> bytes:
        """Show a page and return the PNG of one of its elements, fonts and images loaded."""
        frame = (await self._call("Page.getFrameTree"))["frameTree"]["frame"]["id"]
        await self._call("Page.setDocumentContent", frameId=frame, html=html)
        await self._evaluate(_LOADED)
        box = await self._evaluate(_BOX % selector)
        shot = await self._call(
            "Page.captureScreenshot", format="png", captureBeyondViewport=True,
            clip={**box, "scale": 1},
        )  # fmt: skip
        return base64.b64decode(shot["data"])

    async def _evaluate(self, expression: str) -> Any:
        answer = await self._call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise NoBrowserError(f"The page failed: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    async def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        session = {} if self._session is None else {"sessionId": self._session}
        await self._socket.send_json(
            {"id": number, "method": method, "params": parameters, **session}
        )
        async with asyncio.timeout(CALL_SECONDS):
            while (answer := await self._socket.receive_json()).get("id") != number:
                pass  # events
        if "error" in answer:
            raise NoBrowserError(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result


_LOADED = """Promise.all([
    document.fonts.ready,
    ...Array.from(document.images, image => image.decode()),
]).then(() => true)"""

_BOX = """(() => {
    const box = document.querySelector("%s").getBoundingClientRect();
    return {x: box.x, y: box.y, width: Math.ceil(box.width), height: Math.ceil(box.height)};
})()"""


def find_browser() -> str:
    """Return the path of a Chromium. Raises NoBrowserError that says how to get one."""
    for name in PROGRAMS:
        if path := shutil.which(name):
            return path
    raise NoBrowserError(
        "The pictures are taken with Chromium, which is not installed. Install it, on Debian with: "
        f"apt-get install chromium. Looked for: {', '.join(PROGRAMS)}."
    )


@asynccontextmanager
async def open_browser(width: int) -> AsyncIterator[Browser]:
    """Start Chromium with a page of that width; it is ended in any case."""
    program = find_browser()
    # The temporary profile is ours alone; Chromium may write to it until it is gone.
    with tempfile.TemporaryDirectory(prefix="pictures-", ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            program, *_options(profile),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        reading: asyncio.Task[None] | None = None
        try:
            address = await _address(process)
            reading = asyncio.create_task(_drain(process))
            async with (
                aiohttp.ClientSession() as client,
                client.ws_connect(address, max_msg_size=_MAX_MESSAGE) as socket,
            ):
                browser = Browser(socket)
                await browser.open_page(_blank(Path(profile)), width)
                yield browser
        finally:
            await _end(process)
            if reading is not None:
                await reading


def _blank(folder: Path) -> Path:
    blank = folder / "blank.html"
    blank.write_text("<!DOCTYPE html>")
    return blank


def _options(profile: str) -> list[str]:
    # Chromium's sandbox does not start for root.
    rootless = [] if os.geteuid() else ["--no-sandbox"]
    return [
        "--headless", "--remote-debugging-port=0", "--hide-scrollbars", "--disable-gpu",
        "--no-first-run", "--disable-dev-shm-usage", "--allow-file-access-from-files",
        "--force-color-profile=srgb", f"--user-data-dir={profile}", *rootless, "about:blank",
    ]  # fmt: skip


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    said = b""
    try:
        async with asyncio.timeout(START_SECONDS):
            while line := await process.stderr.readline():
                said += line
                if found := _ADDRESS.search(line):
                    return found[1].decode()
    except TimeoutError:
        pass
    raise NoBrowserError(f"Chromium did not start: {said.decode(errors='replace')[-500:]}")


async def _drain(process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    while await process.stderr.read(65536):
        pass


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def font_directory() -> Path:
    """Return the directory of the fonts (Noto, OFL) that come with simcord."""
    import simcord

    return Path(simcord.__path__[0]) / "preview" / "static" / "fonts"
