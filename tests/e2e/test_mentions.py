"""What the engine is asked to say when a text mentions people and places, word by word."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.speech.types import SynthesisRequest, SynthesisResult
from tests.e2e.live import Call, Live, content

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.fixture
def asked(live: Live, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sentences that the engine is asked for; it speaks them."""
    texts: list[str] = []
    engine = live.backstage.engine
    synthesize = engine.synthesize

    async def noting(batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        texts.extend(request.text for request in batch)
        return await synthesize(batch)

    monkeypatch.setattr(engine, "synthesize", noting)
    return texts


async def say(call: Call, text: str) -> None:
    await content(await call.say(text).answered(), "\nSaid.")


async def test_mentions_are_said_by_the_names_that_the_server_shows(
    call: Call, asked: list[str]
) -> None:
    world = call.discord.world
    member = world.add_member(call.guild, world.add_user("grace"))
    member.nick = "Amazing_Grace ✨"
    role = world.add_role(call.guild, "🌙 Night Owls", 0)
    channel = call.guild.text
    await say(
        call,
        f"Hello <@{member.user.id}> and <@&{role.id}>, see <#{channel.id}> "
        "<:pog:879080584675213393> on <t:1700000000:D>.",
    )
    assert " ".join(asked) == (
        f"Hello Amazing Grace and Night Owls, see {channel.name} pog on November 14, 2023."
    )


async def test_whom_nobody_knows_is_someone(call: Call, asked: list[str]) -> None:
    ids = "<@175928847299117063> <@&175928847299117064> <#175928847299117065>"
    await say(call, f"Hello {ids}, well met.")
    assert " ".join(asked) == "Hello someone a role a channel, well met."
