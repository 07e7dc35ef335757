"""The one place where the cogs ask who may do what, where and how often."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.client import Services
from bot.errors import UserError
from bot.i18n import in_locale, locale, ngettext
from bot.settings.permissions import Action, MemberFacts, Place, VoiceFacts, has_one_of, refusal
from bot.speech.types import VoiceReference
from cogs.ui import Interaction, current_reference, guild_of, services_of
from storage.types import VoiceProfile


def facts_of(member: discord.Member) -> MemberFacts:
    """Return what the settings ask about a member."""
    roles = frozenset(role.id for role in member.roles)
    return MemberFacts(member.id, roles, member.guild_permissions.manage_guild)


def text_place(channel: Any) -> tuple[int, ...]:
    """Return the ids that stand for a channel that is written in: its own and, of a thread, its
    parent's.
    """
    ids = (getattr(channel, "id", None), getattr(channel, "parent_id", None))
    return tuple(identifier for identifier in ids if identifier is not None)


async def refusal_of(
    services: Services,
    action: Action,
    member: discord.Member,
    place: Place,
    voice: VoiceProfile | None = None,
) -> str | None:
    """Return why a member may not do something, in the current language; None if they may.

    Raises StorageError.
    """
    settings = await services.settings.guild(member.guild.id)
    speaks = VoiceFacts(voice.id, voice.owner_id) if voice is not None else None
    return refusal(action, facts_of(member), place, settings, voice=speaks)


async def require(
    interaction: Interaction,
    action: Action,
    *,
    voice: VoiceProfile | None = None,
    channel: discord.abc.Snowflake | None = None,
    anywhere: bool = False,
) -> None:
    """Raise UserError, with what to do, unless the member may do that here.

    voice: that shall speak. channel: the voice channel where it would be heard. anywhere: whatever
    channel it is asked in. Raises StorageError.
    """
    place = Place() if anywhere else _place(interaction, channel)
    await _refuse(services_of(interaction), action, _member(interaction), place, voice)


async def permitted(
    interaction: Interaction,
    action: Action,
    voice: VoiceProfile,
    channel: discord.abc.Snowflake | None,
) -> Callable[[], Awaitable[VoiceReference]]:
    """Do as `require`, and return what does so again and looks the voice up.

    For each sentence: while it waits, the settings may change, or the voice. What it raises is in
    the language of now.
    """
    services, member = services_of(interaction), _member(interaction)
    place, language = _place(interaction, channel), locale.get()
    await _refuse(services, action, member, place, voice)

    async def look_up() -> VoiceReference:
        with in_locale(language):
            await _refuse(services, action, member, place, voice)
            return await current_reference(services, voice)

    return look_up


async def may_use_others(interaction: Interaction) -> bool:
    """Whether a member may have the voices of others speak. Raises StorageError."""
    settings = await services_of(interaction).settings.guild(guild_of(interaction))
    return has_one_of(facts_of(_member(interaction)), settings.others_voices_roles)


async def _refuse(
    services: Services,
    action: Action,
    member: discord.Member,
    place: Place,
    voice: VoiceProfile | None,
) -> None:
    refused = await refusal_of(services, action, member, place, voice)
    if refused is not None:
        raise UserError(refused)


def _member(interaction: Interaction) -> discord.Member:
    assert isinstance(interaction.user, discord.Member), "the commands exist in guilds alone"
    return interaction.user


def _place(interaction: Interaction, channel: discord.abc.Snowflake | None) -> Place:
    written = text_place(interaction.channel) or (interaction.channel_id or 0,)
    return Place(written, channel.id if channel is not None else None)


async def count_text(interaction: Interaction) -> None:
    """Count a text of the member. Raises UserError where the minute has had as many as it may."""
    services, guild_id = services_of(interaction), guild_of(interaction)
    most = (await services.settings.guild(guild_id)).says_per_minute
    wait = services.says.take(guild_id, interaction.user.id, most)
    if wait > 0:
        raise UserError(
            ngettext(
                "Here a member may have {most} text spoken in a minute. Try again in {wait} s.",
                "Here a member may have {most} texts spoken in a minute. Try again in {wait} s.",
                most,
            ).format(most=most, wait=max(1, round(wait)))
        )
