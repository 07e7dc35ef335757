"""PostgreSQL or S3 is away for a while: the bot says so, nothing is half done, and it goes on."""

from __future__ import annotations

import pytest

from loopback import Upload, wait_until
from tests.e2e.live import SAVE, content
from tests.servers.whole.machines import Machines
from tests.servers.whole.steps import (
    TEXT,
    WAIT_SECONDS,
    card_of,
    delete,
    enrol,
    save,
    say,
    speaking,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]

AWAY = "My data cannot be read or written right now"


def told_last(machines: Machines) -> str:
    """Return the last message of all."""
    return list(machines.discord.world.messages.values())[-1].content


async def test_without_postgresql_it_says_so_and_with_it_goes_on_by_itself(
    machines: Machines, recording: Upload
) -> None:
    call = machines.first.call
    await enrol(machines, call, recording, "Ada")
    card = await card_of(call, recording, "Bea")
    objects, spoken = machines.objects(), (await machines.trail(call.guild.id)).count("spoken")
    talking = await speaking(call, "Ada")
    machines.postgres.stop()
    try:
        refused = await call.say(TEXT, "Ada").answered(WAIT_SECONDS)
        assert AWAY in refused.content
        pressed = await call.ada.press(card, label=SAVE).answered(WAIT_SECONDS)
        assert AWAY in pressed.content
        assert machines.objects() == objects
        await content(talking, AWAY, WAIT_SECONDS)  # who may speak cannot be asked any more
    finally:
        machines.postgres.start()
    await say(call, "Ada")
    await save(call, card)
    assert machines.objects() == objects  # it is the same recording
    assert (await machines.trail(call.guild.id)).count("spoken") == spoken + 2
    for name in ("Ada", "Bea"):
        await delete(call.ada, name)
    assert machines.objects() == set()


async def test_without_s3_a_member_who_enrols_is_told_and_nothing_is_half_done(
    machines: Machines, recording: Upload
) -> None:
    call = machines.second.call
    card = await card_of(call, recording, "Ada")
    machines.weather.fault = "drop"
    try:
        await call.ada.press(card, label=SAVE).acknowledged(WAIT_SECONDS)
        await wait_until(lambda: AWAY in told_last(machines), WAIT_SECONDS, "the answer")
        assert await machines.store.count(call.guild.id) == 0
    finally:
        machines.weather.reset()
    assert machines.objects() == set()
    await save(call, card)
    await say(call, "Ada")
    await delete(call.ada, "Ada")
    assert machines.objects() == set()
    report = await machines.store.check(verify=True)
    assert (report.damaged, report.moved, report.swept) == ((), (), ())
