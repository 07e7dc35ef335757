"""What `mynah check` says of several engines, in simulated time."""

from __future__ import annotations

import asyncio

import pytest

from bot.cli.engine_check import EnginesMissingError, engine_facts
from bot.errors import EngineDeadError
from tests.pool.simulated import SimulatedMember, members, pool_of, simulate


def silent(what: str, done: float) -> None:
    """Show nothing."""


def test_each_device_is_loaded_and_speaks() -> None:
    async def work() -> None:
        given = members(2)
        pool = pool_of(given)
        told = await engine_facts(pool, silent)
        assert told.startswith("cuda:0: piper (simulated) on cuda:0, because")
        assert ". cuda:1: piper (simulated) on cuda:1, because" in told
        assert [len(member.spoken) for member in given] == [2, 2]
        await pool.close()

    simulate(work)


def test_one_that_does_not_speak_is_named_with_its_reason_beside_the_others() -> None:
    async def work() -> None:
        given = members(3)
        given[1].broken = "This machine has no device 'cuda:1'."
        pool = pool_of(given)
        with pytest.raises(EnginesMissingError) as told:
            await engine_facts(pool, silent)
        assert "cuda:1 does not speak: This machine has no device 'cuda:1'." in str(told.value)
        assert "cuda:0: piper (simulated)" in str(told.value)
        assert "cuda:2: piper (simulated)" in str(told.value)
        await pool.close()

    simulate(work)


def test_one_that_loaded_another_model_is_told_of() -> None:
    async def work() -> None:
        pool = pool_of([SimulatedMember("cuda:0"), SimulatedMember("cuda:1", model="other")])
        with pytest.raises(EnginesMissingError, match="cuda:1 does not speak: It loaded other"):
            await engine_facts(pool, silent)
        await pool.close()
        await asyncio.sleep(0)

    simulate(work)


def test_where_none_can_be_loaded_each_says_why() -> None:
    async def work() -> None:
        given = members(2)
        for member in given:
            member.broken = f"No card {member.name}."
        pool = pool_of(given)
        with pytest.raises(
            EngineDeadError, match=r"cuda:0: No card cuda:0\. cuda:1: No card cuda:1"
        ):
            await engine_facts(pool, silent)
        await pool.close()

    simulate(work)
