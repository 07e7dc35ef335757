"""Ready is: connected, loaded, and speech was really made of late."""

import asyncio

import pytest

from bot.errors import EngineError
from bot.operations.figures import SentenceFacts
from bot.operations.readiness import LATELY_SECONDS, PROBE_SECONDS, ReadinessCheck
from bot.speech.types import Speech
from tests.operations.standing import Standing

SPOKEN = SentenceFacts(0.0, 1.0, 1.0, Speech((b"x",), 1.0))
FAILED = SentenceFacts(0.0, 1.0, 1.0, None)


class Asked:
    """A check with a clock and a probe of its own."""

    def __init__(self, standing: Standing | None = None) -> None:
        self.now, self.probes = 1000.0, 0
        self.failure: Exception | None = None
        self.hold: asyncio.Event | None = None
        self.standing = standing or Standing()
        self.check = ReadinessCheck(
            self.standing, self.probe, lambda: self.now, patience_seconds=0.05
        )

    async def probe(self) -> None:
        self.probes += 1
        if self.hold is not None:
            await self.hold.wait()
        if self.failure is not None:
            raise self.failure


async def test_speech_of_late_makes_it_ready_without_a_probe() -> None:
    asked = Asked()
    asked.check.sentence(SPOKEN)
    asked.now += LATELY_SECONDS - 1
    assert (await asked.check.ask()).ready
    assert asked.probes == 0


async def test_where_nobody_spoke_a_word_is_spoken() -> None:
    asked = Asked()
    assert (await asked.check.ask()).ready
    assert (await asked.check.ask()).ready
    assert asked.probes == 1
    asked.now += LATELY_SECONDS
    assert (await asked.check.ask()).ready
    assert asked.probes == 2


@pytest.mark.parametrize(
    ("standing", "reason"),
    [
        (Standing(ready=False), "the engine is not loaded"),
        (Standing(connected=False), "not connected to Discord"),
    ],
)
async def test_nothing_is_spoken_while_it_cannot_be_ready(standing: Standing, reason: str) -> None:
    asked = Asked(standing)
    answer = await asked.check.ask()
    assert (answer.ready, answer.reason, asked.probes) == (False, reason, 0)


async def test_a_probe_that_fails_tells_why_and_is_not_made_again_at_once() -> None:
    asked = Asked()
    asked.failure = EngineError("no voice")
    answer = await asked.check.ask()
    assert (answer.ready, answer.reason) == (False, "speech failed; the log says why")
    await asked.check.ask()
    assert asked.probes == 1
    asked.now += PROBE_SECONDS
    asked.failure = None
    assert (await asked.check.ask()).ready


async def test_one_sentence_that_fails_says_nothing_about_the_engine() -> None:
    asked = Asked()
    asked.check.sentence(SPOKEN)
    asked.check.sentence(FAILED)
    assert (await asked.check.ask()).ready


async def test_whoever_asks_does_not_wait_for_long_and_many_share_a_probe() -> None:
    asked = Asked()
    asked.hold = asyncio.Event()
    answers = await asyncio.gather(*(asked.check.ask() for _ in range(20)))
    assert {answer.reason for answer in answers} == {"nothing was spoken yet"}
    assert asked.probes == 1
    asked.hold.set()
    assert (await asked.check.ask()).ready


async def test_it_stays_ready_while_a_probe_waits_behind_speech() -> None:
    asked = Asked()
    asked.check.sentence(SPOKEN)
    asked.now += LATELY_SECONDS
    asked.hold = asyncio.Event()
    assert (await asked.check.ask()).ready
    await asked.check.close()


async def test_a_probe_ends_with_the_check() -> None:
    asked = Asked()
    asked.hold = asyncio.Event()
    await asked.check.ask()
    await asked.check.close()
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "readiness-probe"]
