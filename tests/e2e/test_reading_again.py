"""The bot is started again in the middle of reading."""

from __future__ import annotations

from pathlib import Path

import pytest

from loopback import LoopbackDiscord, wait_until
from loopback.gateway_session import MESSAGE_CONTENT
from tests.e2e.live import Call, add_operator_voice, open_bot

pytestmark = pytest.mark.asyncio(loop_scope="package")

START_SECONDS = 40.0


async def test_after_a_restart_it_reads_on_and_nothing_twice(tmp_path: Path) -> None:
    await add_operator_voice(tmp_path)
    async with LoopbackDiscord() as discord:
        discord.gateway.allowed_privileged_intents = MESSAGE_CONTENT
        guild = discord.add_guild()
        ada = discord.add_person(guild, "Ada")
        call = Call(discord, guild, ada, await ada.join_voice())
        async with open_bot(discord, tmp_path, message_content=True) as live:
            await live.warm()
            await ada.slash("read start").answered(START_SECONDS)
            ada.send("The first of them.")
            ada.send("The second, which is being read when the bot is restarted.")
            await call.listener.until_heard(5, START_SECONDS)
        assert not call.bot_is_there
        ada.send("Written while nobody was there to read it.")
        async with open_bot(discord, tmp_path, message_content=True) as live:
            await live.warm()
            await wait_until(lambda: call.bot_is_there, START_SECONDS, "the bot in its channel")
            said = live.desk.said
            await wait_until(lambda: said.get(guild.id), START_SECONDS, "that it is back")
            ada.send("Written when it was back.")
            await wait_until(lambda: len(said[guild.id]) > 1, START_SECONDS, "the new message")
            await call.heard_to_the_end()
            spoken = [text for text, _ in said[guild.id]]
        assert spoken == ["I am back, and read on.", "Ada says:\n\nWritten when it was back."]
        discord.assert_clean()
