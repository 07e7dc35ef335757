"""`/voice usage`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import discord
import pytest
from simcord.actors import MemberActor

from bot.audit.events import Spoken
from bot.i18n import LOCALES, in_locale
from cogs.voices.usage import MOST_SPEAKERS, PAGE_SIZE, usage_card
from storage.audit_reading import Usage
from storage.audit_rows import AuditRow
from storage.types import VoiceProfile
from tests.cogs.conftest import Scene, content


@pytest.fixture
async def voice(scene: Scene) -> VoiceProfile:
    return await scene.world.add_voice("Ben", scene.guild.id, scene.ben.id)


async def spoken(scene: Scene, voice: VoiceProfile, by: int | None, **changes: Any) -> None:
    facts: dict[str, Any] = {
        "voice_id": voice.id,
        "owner_id": voice.owner_id,
        "milliseconds": 2000,
        "packets_sha256": "a" * 64,
        "way": "say",
        "channel_id": 77,
        "at": datetime(2026, 1, 1, 12, tzinfo=UTC),
    }
    await scene.world.audit.record(scene.guild.id, Spoken(by=by, **facts | changes))


async def card(scene: Scene, member: MemberActor, voice: str = "Ben") -> discord.Embed:
    shown = await member.slash(scene.channel, "voice usage", voice=voice)
    assert shown.response is not None
    return shown.response.embeds[0]


async def test_the_owner_sees_who_spoke_when_and_how_long(
    scene: Scene, voice: VoiceProfile
) -> None:
    await spoken(scene, voice, scene.ann.id)
    await spoken(scene, voice, scene.ben.id, way="file", milliseconds=1000)
    shown = await card(scene, scene.ben)
    began = int(datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp())
    assert shown.title == "Who spoke as “Ben”"
    assert (shown.description or "").splitlines() == [
        f"<t:{began - 1}:f> · <@{scene.ben.id}> · <#77> · 1.0 s · as a file",
        f"<t:{began - 2}:f> · <@{scene.ann.id}> · <#77> · 2.0 s",
    ]
    assert [(field.name, field.value) for field in shown.fields] == [
        ("In all", "2 times, 3.0 s"),
        ("Who most", f"<@{scene.ann.id}>: 1 time, 2.0 s\n<@{scene.ben.id}>: 1 time, 1.0 s"),
    ]


async def test_who_manages_the_server_sees_it_too_and_nobody_else(
    scene: Scene, voice: VoiceProfile
) -> None:
    await spoken(scene, voice, scene.ann.id)
    assert (await card(scene, scene.mo)).fields
    refused = await scene.ann.slash(scene.channel, "voice usage", voice="Ben")
    assert "is not yours" in content(refused)


async def test_a_voice_that_nobody_used_says_so(scene: Scene, voice: VoiceProfile) -> None:
    assert (await card(scene, scene.ben)).description == "Nobody yet."


async def test_what_was_spoken_on_another_server_is_not_shown(
    scene: Scene, voice: VoiceProfile
) -> None:
    event = Spoken(
        by=5, voice_id=voice.id, milliseconds=1, packets_sha256="a" * 64, way="say", owner_id=6
    )
    await scene.world.audit.record(999, event)
    assert (await card(scene, scene.ben)).description == "Nobody yet."


async def test_many_utterances_have_pages(scene: Scene, voice: VoiceProfile) -> None:
    for number in range(PAGE_SIZE + 1):
        await spoken(scene, voice, scene.ann.id, milliseconds=1000 * number)
    shown = await scene.ben.slash(scene.channel, "voice usage", voice="Ben")
    assert shown.response is not None
    assert len((shown.response.embeds[0].description or "").splitlines()) == PAGE_SIZE
    turned = await scene.ben.click(shown.response, label="Next")
    message = turned.response or shown.response
    assert (message.embeds[0].description or "").endswith(f"<@{scene.ann.id}> · <#77> · 0.0 s")
    assert (message.embeds[0].footer.text or "").startswith("Page 2 of 2 · What is older than 365")


async def test_members_who_are_forgotten_and_webhooks_are_told_apart(
    scene: Scene, voice: VoiceProfile
) -> None:
    for member in (scene.ann.id, None, "bot"):
        await spoken(scene, voice, member)  # type: ignore[arg-type]
    await scene.world.audit.flush()
    await scene.world.audit.store.forget_member(scene.guild.id, scene.ann.id)
    text = (await card(scene, scene.ben)).description or ""
    assert "somebody who was forgotten" in text
    assert "a webhook" in text
    assert "myself, for the server" in text


@pytest.mark.parametrize("locale", LOCALES)
def test_the_fullest_page_fits_a_card(locale: str) -> None:
    big = 2**63
    row = AuditRow(
        big, big, datetime(2026, 1, 1, tzinfo=UTC), "spoken", big, big, 1, "Ben",
        {"channel_id": big, "way": "read"}, {}, {}, 999_999_999, "a" * 64, "",
    )  # fmt: skip
    usage = Usage(10**9, 1e9)
    with in_locale(locale):
        card = usage_card("*" * 80, [row] * PAGE_SIZE, usage, [(big, usage)] * (MOST_SPEAKERS + 1))
    assert len(card.title or "") <= 256
    assert len(card.description or "") <= 4096
    assert all(len(field.value or "") <= 1024 for field in card.fields)
