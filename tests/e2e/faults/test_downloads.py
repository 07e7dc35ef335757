"""What becomes of a recording whose download goes wrong, however the server does it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from structlog.typing import EventDict

from loopback import Upload, wait_until
from loopback.downloads import (
    Spoilt,
    calls_it,
    ends_early,
    gives,
    hangs,
    never_ends,
    redirects,
    refuses,
    stalls,
    trickles,
)
from tests.e2e.faults.conftest import Bench

pytestmark = pytest.mark.asyncio(loop_scope="package")

CONTENT = bytes(range(256)) * 400
UPLOAD = Upload("me.wav", CONTENT, "audio/wav")
TOLD = "The file could not be fetched from Discord."
ELSEWHERE = (
    "http://127.0.0.1:1/",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://localhost{path}",
    "https://example.org{path}",
    "https://cdn.discordapp.com.example.org{path}",
    "https://cdn.discordapp.com@example.org{path}",
    "https://cdn.discordapp.com:8443{path}",
    "http://cdn.discordapp.com{path}",
    "https://discord.com/api/v10/users/@me",
    "https://169.254.169.254/latest/meta-data/",
    "file:///etc/passwd",
    "data:audio/wav;base64,AAAA",
    "//example.org{path}",
    "http://[",
)

REFUSED: dict[str, Spoilt] = {
    "stalls": stalls(),
    "hangs": hangs(),
    "is larger": gives(CONTENT + b"more"),
    "is smaller": gives(CONTENT[:-1]),
    "is empty": gives(b""),
    "ends early": ends_early(),
    "never ends": never_ends(),
    "trickles": trickles(),
    "404": refuses(404),
    "403": refuses(403),
    "429": refuses(429),
    "500": refuses(500),
    "is a page of HTML": gives(b"<html>", "text/html"),
    **{f"redirects to {to!r}": redirects(to) for to in ELSEWHERE},
}


@pytest_asyncio.fixture(scope="module", loop_scope="package", autouse=True)
async def _online(bench: Bench) -> AsyncIterator[None]:
    await bench.start()
    await bench.online()
    yield
    await bench.end()


async def enrolled(bench: Bench) -> str:
    """Return what `/enroll` comes to."""
    wish = bench.ada.slash("enroll", sample=UPLOAD, name="Ada")
    await wait_until(lambda: wish.messages, 10, "an answer")
    shown = wish.messages[-1]
    if shown.embeds:
        bench.ada.press(shown, label="Discard")
        return "card"
    return shown.content


@pytest.mark.parametrize("spoilt", REFUSED.values(), ids=REFUSED)
async def test_a_member_is_told_and_may_try_again_after_a_download_that(
    bench: Bench, spoilt: Spoilt, log_lines: list[EventDict]
) -> None:
    bench.discord.world.cdn.spoil_next(spoilt)
    assert TOLD in await enrolled(bench)
    assert await enrolled(bench) == "card"
    assert bench.discord.foreign_hosts == []


@pytest.mark.parametrize(
    "spoilt",
    [
        calls_it("text/plain"),
        redirects("https://media.discordapp.net{path}"),
        redirects("{path}"),
        redirects("https://cdn.discordapp.com{path}", 308),
    ],
    ids=["another type", "its other host", "itself", "308"],
)
async def test_the_recording_is_heard_all_the_same_with(bench: Bench, spoilt: Spoilt) -> None:
    bench.discord.world.cdn.spoil_next(spoilt)
    assert await enrolled(bench) == "card"


async def test_a_circle_of_redirections_ends(bench: Bench) -> None:
    before = len(bench.discord.world.cdn.downloads)
    bench.discord.world.cdn.spoil_next(*[redirects("{path}")] * 9)
    assert TOLD in await enrolled(bench)
    assert len(bench.discord.world.cdn.downloads) - before <= 5
    bench.discord.world.cdn._spoilt.clear()


async def test_a_download_that_stalls_keeps_nobody_else_waiting(bench: Bench) -> None:
    bench.discord.world.cdn.spoil_next(hangs())
    stuck = asyncio.create_task(enrolled(bench))
    await wait_until(lambda: not bench.discord.world.cdn._spoilt, 5, "the download")
    ben = bench.discord.add_person(bench.guild, "Ben")
    card = await ben.slash("enroll", sample=UPLOAD, name="Ben").answered()
    assert card.embeds
    assert TOLD in await stuck
