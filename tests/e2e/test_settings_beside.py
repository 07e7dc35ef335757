"""Settings that another process changes beside the running bot, over the wire."""

from __future__ import annotations

from typing import Any

import pytest

from bot.settings.service import SettingsService
from loopback import wait_until
from storage.setting_values import SettingValues
from storage.voices import VoiceStore
from tests.e2e.live import Call, Live

pytestmark = pytest.mark.asyncio(loop_scope="package")

WITHIN_SECONDS = 5.0  # a second, and what a busy machine takes


async def test_a_change_by_the_operator_holds_and_is_told_without_a_ping(
    live: Live, call: Call
) -> None:
    async with VoiceStore.open(live.voices.database.path.parent) as elsewhere:
        operator = SettingsService(SettingValues.beside(elsewhere))

        async def change(key: str, value: Any) -> None:
            await operator.change_guild(call.guild.id, key, value, changed_by=None)

        def told() -> list[str]:
            messages = live.discord.world.messages.values()
            return [
                m.content for m in messages if m.channel_id == call.guild.text.id and not m.pings
            ]

        await change("moderation_channel", call.guild.text.id)
        await change("blocked_members", (call.ada.id,))
        line = f"⚙️ My operator set “Blocked members” to: <@{call.ada.id}> (before: nobody)"
        await wait_until(lambda: line in "\n".join(told()), WITHIN_SECONDS, line)
        refused = await call.say("Nobody hears this.").answered()
        assert refused.content.startswith("You are blocked from using me on this server.")
        await change("blocked_members", None)
        await wait_until(lambda: "to: nobody" in "\n".join(told()), WITHIN_SECONDS, "the change")
        heard = await call.say("Everybody hears this.").answered()
        assert "speaks as" in heard.content
