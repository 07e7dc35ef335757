"""The menu "Make this my voice" on a voice message."""

from __future__ import annotations

from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.results import InteractionResult

from bot.consent.evidence import evidence_of
from tests.cogs.conftest import Scene, content
from tests.cogs.test_enrolment import SAVE

MENU = "Make this my voice"
FILE = ("voice-message.ogg", b"not looked at by the test's worker")
VOICE = discord.MessageFlags(voice=True).value


async def sent(
    scene: Scene, by: MemberActor, flags: int = VOICE, file: tuple[str, bytes] = FILE
) -> discord.Message:
    """A message with a file, with the flags that Discord sets for those recorded in a client."""
    message = await by.send(scene.channel, attachments=[file])
    scene.env.backend.get_message(scene.channel.id, message.id).flags = flags
    return message


async def choose(scene: Scene, message: Any) -> InteractionResult:
    return await scene.ann.context_menu(scene.channel, MENU, message)


async def named(scene: Scene, name: str = "Ann", **more: Any) -> InteractionResult:
    asked = await choose(scene, await sent(scene, scene.ann))
    assert asked.modal is not None
    return await scene.ann.submit_modal(asked, {"name": name, **more})


async def test_a_voice_message_of_ones_own_becomes_a_voice(scene: Scene) -> None:
    card = await named(scene, language=["de"])
    assert card.ephemeral
    assert scene.world.media.uploads == [FILE[1]]
    await scene.ann.click(card.response, label=SAVE)
    [voice] = await scene.world.store.list_voices(scene.guild.id)
    assert (voice.name, voice.level, voice.language) == ("Ann", "own message", "de")
    assert voice.owner_id == scene.ann.id
    stored = await scene.world.store.consent_of(voice.id, voice.clip_sha256)
    assert stored is not None
    evidence = evidence_of(stored.record)
    assert (evidence.way, evidence.level) == ("message", "own message")
    assert evidence.message_id is not None


async def test_the_dialog_offers_the_members_name(scene: Scene) -> None:
    asked = await choose(scene, await sent(scene, scene.ann))
    assert asked.modal is not None
    assert "'ann'" in str(asked.modal)


async def test_a_name_that_is_taken_is_refused_in_words(scene: Scene) -> None:
    await scene.world.add_voice("ann", scene.guild.id)
    assert "already a voice named" in content(await named(scene))


async def test_a_message_of_another_member_is_refused(scene: Scene) -> None:
    refused = await choose(scene, await sent(scene, scene.ben))
    assert "not yours" in content(refused)
    assert refused.modal is None


@pytest.mark.parametrize("flags", [0, discord.MessageFlags(suppress_notifications=True).value])
async def test_a_file_that_was_not_recorded_in_discord_is_refused(scene: Scene, flags: int) -> None:
    refused = await choose(scene, await sent(scene, scene.ann, flags))
    assert "no voice message" in content(refused)


async def test_a_forwarded_voice_message_is_refused(scene: Scene) -> None:
    message = await sent(scene, scene.ben)
    forwarded = await scene.ann.forward(message, scene.channel)
    assert "no voice message" in content(await choose(scene, forwarded))


async def test_blocked_members_are_refused_before_they_are_asked(scene: Scene) -> None:
    guild = scene.guild.id
    await scene.world.settings.change_guild(guild, "blocked_members", (scene.ann.id,), changed_by=1)
    refused = await choose(scene, await sent(scene, scene.ann))
    assert "blocked" in content(refused)
