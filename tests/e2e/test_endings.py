"""The end of a text is told though Discord fails just then."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import bot.discord_http
import cogs.progress
from loopback.faults import Fault, Faults
from tests.e2e.live import Call, Live, content

pytestmark = pytest.mark.asyncio(loop_scope="package")

EDIT = "PATCH /webhooks/*"

FAULTS: dict[str, Callable[[Faults], Fault]] = {
    "garbled": lambda faults: faults.garble_next(EDIT),
    "garbled after it was done": lambda faults: faults.garble_next(EDIT, handled=True),
    "503": lambda faults: faults.fail_next(EDIT, 503),
    "cut": lambda faults: faults.reset_next(EDIT, times=3),
    "rate limited": lambda faults: faults.fail_next(EDIT, 429, retry_after=0.2),
    "slow": lambda faults: faults.slow_next(EDIT, 3.0),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_text_whose_end_meets_a_fault_is_told_to_have_been_said(
    live: Live, call: Call, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cogs.progress, "PAUSES_SECONDS", (0.2, 0.5, 1.0))
    monkeypatch.setattr(bot.discord_http, "PAUSES_SECONDS", (0.05, 0.1))
    monkeypatch.setattr(bot.discord_http, "CALL_SECONDS", 2.0)
    answer = await call.say("Hello there.").answered()
    fault = FAULTS[name](live.discord.faults)
    await content(answer, "Said.")
    assert fault.met
    live.discord.faults.clear()
