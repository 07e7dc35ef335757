"""The simulation of many servers: its clock, its cards, what it tells, and how real it is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from benchmarks import channels, scale
from benchmarks.simulation.card import Card, CardCosts, spoken_tokens
from benchmarks.simulation.clock import SimulatedLoop, StandstillError
from benchmarks.simulation.plots import draw
from benchmarks.simulation.process import decisions
from benchmarks.simulation.world import Case, jain, simulate
from bot.speech.scheduler import FairScheduler
from bot.speech.types import Speech, SynthesisRequest, SynthesisResult, VoiceReference

COST_SECONDS = 0.08
SENTENCE = "This is a sentence of a usual length."


def request(member: int = 0) -> SynthesisRequest:
    return SynthesisRequest(SENTENCE, VoiceReference(Path("clip"), f"{member:064}"))


def simulated(what: Any) -> Any:
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(what)


def test_an_hour_passes_at_once_and_in_order() -> None:
    async def hour() -> list[float]:
        clock, woken = asyncio.get_running_loop().time, []

        async def sleeper(seconds: float) -> None:
            await asyncio.sleep(seconds)
            woken.append(clock())

        await asyncio.gather(*map(sleeper, (3600, 1, 60)))
        return woken

    started = time.process_time()
    assert simulated(hour()) == pytest.approx([1, 60, 3600])
    assert time.process_time() - started < 1


def test_who_waits_for_nothing_is_told() -> None:
    async def forever() -> None:
        await asyncio.get_running_loop().create_future()

    runner = asyncio.Runner(loop_factory=SimulatedLoop)
    with pytest.raises(StandstillError):
        runner.run(forever())
    loop = runner.get_loop()
    for task in asyncio.all_tasks(loop):
        task.cancel()
    runner.close()


def test_a_sentence_alone_takes_what_its_stages_take() -> None:
    async def alone() -> tuple[float, float]:
        card, clock = Card(), asyncio.get_running_loop().time
        await card.synthesize([request()])
        first = clock()
        await card.synthesize([request()])
        return first, clock() - first

    costs, tokens = CardCosts(), spoken_tokens(SENTENCE)
    known = tokens * costs.step(1) + costs.last_stage(tokens) + costs.finish_seconds
    assert simulated(alone()) == pytest.approx((known + costs.prepare_seconds, known))


def test_a_sentence_that_is_withdrawn_leaves_the_card_to_others() -> None:
    async def withdrawn() -> float:
        card, loop = Card(CardCosts(slots=1)), asyncio.get_running_loop()
        gone = asyncio.create_task(card.synthesize([request()]))
        other = asyncio.create_task(card.synthesize([request()]))
        await asyncio.sleep(0.16)  # the voice is prepared by then
        gone.cancel()
        await other
        return loop.time() - 0.16

    costs, tokens = CardCosts(), spoken_tokens(SENTENCE)
    known = tokens * costs.step(1) + costs.last_stage(tokens) + costs.finish_seconds
    assert simulated(withdrawn()) == pytest.approx(known)


def test_a_case_comes_out_alike_each_time_and_its_figures_are_shares() -> None:
    first, second = (simulate(Case(60, 2, 20.0, seed=3)) for _ in range(2))
    assert first | {"processor_seconds": 0} == second | {"processor_seconds": 0}
    assert first["texts"] > 10
    assert first["first_sound_seconds"]["p50"] <= first["first_sound_seconds"]["p95"]
    for share in ("utilisation", "refused_share", "jain_of_busy_servers", "voice_hits"):
        assert 0 <= first[share] <= 1


def test_jains_index_tells_equal_shares_from_unequal_ones() -> None:
    assert jain([3.0, 3.0, 3.0]) == 1
    assert jain([9.0, 0.0, 0.0]) == pytest.approx(1 / 3)


class Sleeper:
    """Takes the same time for each sentence, whatever the company."""

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        await asyncio.sleep(COST_SECONDS)
        return [Speech((b"packet",), 0.02)] * len(batch)


async def waits() -> list[float]:
    """Return when each of the sentences of five guilds was made."""
    clock = asyncio.get_running_loop().time
    scheduler = FairScheduler(Sleeper(), at_once=lambda: 2)
    start = clock()

    async def ask(guild: int) -> float:
        await scheduler.synthesize(request(guild), guild_id=guild, due=clock)
        return clock() - start

    made = await asyncio.gather(*(ask(number % 5) for number in range(10)))
    await scheduler.close()
    return made


def test_simulated_waits_are_those_of_a_real_clock() -> None:
    expected = sum(simulated(waits()))
    # A busy machine can only be later than the clock; the quickest of a few rounds is its own.
    measured = min(sum(asyncio.run(waits())) for _ in range(3))
    assert measured == pytest.approx(expected, rel=0.1)


async def test_the_result_is_told_and_drawn(tmp_path: Path) -> None:
    cases = await scale.simulated([Case(40, 1, 10.0), Case(80, 1, 10.0)])
    result = {
        "cases": cases,
        "overload": cases[0],
        "decisions": decisions((64, 1_000)),
    }
    scale.draw_all(result, tmp_path)
    told = "\n".join(scale.lines(result))
    assert "80 servers,  1 cards" in told
    assert "1000 wait, all slots taken" in told
    names = ("scale-first-sound", "scale-cards", "scale-decisions")
    for name in names:
        with Image.open(tmp_path / f"{name}.png") as picture:
            assert picture.width > 1_000
    assert [goal["met"] for goal in scale.goals(result)] == [True, True]


def test_where_a_process_ends_is_drawn_also_beyond_a_core(tmp_path: Path) -> None:
    told = {
        "200": {"processor_cores": 0.2, "p99_ms": 20.3},
        "1000": {"processor_cores": 1.1, "p99_ms": 557.5},
    }
    draw(channels.charts(told), tmp_path / "process.png")
    with Image.open(tmp_path / "process.png") as picture:
        assert picture.width > 1_000
