"""What the tests of speech do to begin with."""

from __future__ import annotations

from typing import Any, Literal

from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from tests.cogs.conftest import Scene


async def say(scene: Scene, text: str = "Hello there.", **options: object) -> InteractionResult:
    return await scene.ann.slash(scene.channel, "say", text=text, **options)


async def ready(scene: Scene, lounge: ChannelHandle, *members: MemberActor) -> None:
    """Let members join, each with a voice of their own."""
    for member in members:
        await scene.world.add_voice(member.name.title(), scene.guild.id, member.id)
        await member.join_voice(lounge)


async def permit(
    scene: Scene, whose: Literal["bot", "everybody"], channel: ChannelHandle, **permissions: bool
) -> None:
    """Give permissions in a channel, or take those that are False."""
    real: Any = scene.world.bot.get_channel(channel.id)
    target = real.guild.me if whose == "bot" else real.guild.default_role
    await real.set_permissions(target, **permissions)
    await scene.env.settle()
