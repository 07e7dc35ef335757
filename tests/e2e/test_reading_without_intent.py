"""Without the privileged intent: what mentions the bot, replies to it, and Speak this."""

from __future__ import annotations

import pytest

from loopback import Message, wait_until
from tests.e2e.live import Call, Live, content

pytestmark = pytest.mark.asyncio(loop_scope="package")

HEARD_SECONDS = 30.0
BY_ADA = "Ada says:\n\n"
"""What comes before her first text, because she has no voice of her own."""


def texts(live: Live, call: Call) -> list[str]:
    return live.desk.texts.get(call.guild.id, [])


async def until_spoken(live: Live, call: Call, *wanted: str) -> None:
    await wait_until(
        lambda: len(texts(live, call)) >= len(wanted), HEARD_SECONDS, f"{wanted} to be spoken"
    )
    await call.heard_to_the_end()
    assert texts(live, call) == list(wanted)


async def read(call: Call) -> Message:
    return await call.ada.slash("read start").answered(20)


async def test_read_start_explains_how_to_be_read(call: Call) -> None:
    answer = await read(call)
    assert "@mynah" in answer.content
    assert "https://discord.com/developers/applications" in answer.content


async def test_a_mention_is_spoken_and_the_rest_is_not(live: Live, call: Call) -> None:
    await read(call)
    call.ada.send("This is not for the bot.")
    call.ada.send(f"{live.discord.world.bot.mention} hello from a mention.")
    await until_spoken(live, call, f"{BY_ADA}hello from a mention.")


async def test_a_reply_to_the_bot_is_spoken(live: Live, call: Call) -> None:
    await read(call)
    own = live.discord.world.post(live.discord.world.bot, call.guild.text, {"content": "Here I am"})
    call.ada.send("Welcome back.", replied=own)
    await until_spoken(live, call, f"{BY_ADA}Welcome back.")


@pytest.mark.parametrize("name", ["Speak this", "Speak this as its author"])
async def test_the_menu_of_a_message_has_it_spoken(live: Live, call: Call, name: str) -> None:
    message = call.ada.send("Only the menu tells the bot of this.")
    answer = await call.ada.use_on_message(name, message).answered(20)
    await content(answer, "Said.")
    assert texts(live, call) == [f"{BY_ADA}Only the menu tells the bot of this."]
