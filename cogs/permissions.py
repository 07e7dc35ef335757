"""The one place where the cogs ask who may do what, where and how often."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import discord
import structlog

from bot.consent.access import NOBODY, asker_of, may_speak_as
from bot.discord_http import DISCORD_FAILED
from bot.errors import UserError
from bot.i18n import _, in_locale, locale
from bot.services import Services
from bot.settings.guild import GuildSettings
from bot.settings.permissions import Action, MemberFacts, Place, refusal
from bot.speech.types import VoiceReference
from cogs.ui import Interaction, command_names, current_reference, guild_of, services_of
from storage.types import VoiceProfile

log = structlog.get_logger(__name__)

KNOWN_SECONDS = 2.0
"""For so long a member's roles count as known: each look asks Discord."""

FETCH_SECONDS = 2.0


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
    services: Services, action: Action, member: discord.Member, place: Place
) -> str | None:
    """Return why a member may not do something, in the current language; None if they may.

    Raises StorageError.
    """
    place = replace(place, guild=member.guild.id)
    return await _refusal(services, action, facts_of(member), place)


async def _refusal(
    services: Services,
    action: Action | None,
    member: MemberFacts,
    place: Place,
    voice: VoiceProfile | None = None,
) -> str | None:
    """Return why not. action: None asks only about the voice."""
    settings = await services.settings.guild(place.guild)
    refused = refusal(action, member, place, settings) if action is not None else None
    if refused is not None or voice is None:
        return refused
    access = (await services.reach.access_of([voice.id])).get(voice.id)
    if access is None:
        return _("That voice does not exist any more.")
    return may_speak_as(member, access, place, settings)


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
    place = Place(guild=guild_of(interaction)) if anywhere else _place(interaction, channel)
    await _refuse(interaction, action, place, voice)


async def permitted(
    interaction: Interaction,
    action: Action,
    voice: VoiceProfile,
    channel: discord.abc.Snowflake | None,
) -> SpeakingRight:
    """Do as `require`, and return what asks so again while a text waits and is heard."""
    services, member = services_of(interaction), _member(interaction)
    place = _place(interaction, channel)
    await _refuse(interaction, action, place, voice)
    return SpeakingRight(services, voice, place, facts_of(member), action, member.guild)


async def voice_refusal(interaction: Interaction, voice: VoiceProfile) -> str | None:
    """Return why the member may not speak as a voice; None if they may. Raises StorageError."""
    member, place = facts_of(_member(interaction)), Place(guild=guild_of(interaction))
    return await _refusal(services_of(interaction), None, member, place, voice)


async def is_for_all(interaction: Interaction, voice_id: int) -> bool:
    """Whether a voice can speak for everybody here now. Raises StorageError."""
    access = (await services_of(interaction).reach.access_of([voice_id])).get(voice_id)
    place = Place(guild=guild_of(interaction))
    return access is not None and may_speak_as(NOBODY, access, place, GuildSettings()) is None


async def voices_for_all(interaction: Interaction, text: str, limit: int) -> list[VoiceProfile]:
    """Return voices that are everybody's here, as `usable_voices` does."""
    services, guild_id = services_of(interaction), guild_of(interaction)
    asker = asker_of(NOBODY, GuildSettings())
    return await services.reach.search(guild_id, text, limit, asker)


async def usable_voices(interaction: Interaction, text: str, limit: int) -> list[VoiceProfile]:
    """Return voices that the member may have speak, by how their names begin.

    Raises StorageError.
    """
    services, guild_id = services_of(interaction), guild_of(interaction)
    settings = await services.settings.guild(guild_id)
    asker = asker_of(facts_of(_member(interaction)), settings)
    return await services.reach.search(guild_id, text, limit, asker)


async def _refuse(
    interaction: Interaction, action: Action, place: Place, voice: VoiceProfile | None
) -> None:
    services, member = services_of(interaction), facts_of(_member(interaction))
    refused = await _refusal(services, action, member, place)
    if refused is None and voice is not None:
        refused = await _refusal(services, None, member, place, voice)
        if refused is not None and voice.owner_id == member.id and voice.paused_by_owner_at:
            resume = command_names(interaction)("voice resume")
            refused = f"{refused} {_('{command} takes that back.').format(command=resume)}"
    if refused is not None:
        raise UserError(refused)


def _member(interaction: Interaction) -> discord.Member:
    assert isinstance(interaction.user, discord.Member), "the commands exist in guilds alone"
    return interaction.user


def _place(interaction: Interaction, channel: discord.abc.Snowflake | None) -> Place:
    written = text_place(interaction.channel) or (interaction.channel_id or 0,)
    return Place(written, channel.id if channel is not None else None, guild_of(interaction))


async def count_text(interaction: Interaction) -> None:
    """Count a text of the member. Raises UserError where the minute or the day has had enough."""
    allowances = services_of(interaction).allowances
    await allowances.take_text(guild_of(interaction), interaction.user.id)


class SpeakingRight:
    """Whether somebody may still have a text spoken in a voice: asked while it waits and is heard.

    What it tells is in the language of when it was made.
    """

    def __init__(
        self,
        services: Services,
        voice: VoiceProfile,
        place: Place,
        member: MemberFacts,
        action: Action | None = None,
        guild: discord.Guild | None = None,
    ) -> None:
        """Take who speaks where.

        action: None asks only about the voice. guild: where the member's roles are asked for anew;
        None for what is spoken for nobody.
        """
        self._services, self._voice, self._place, self._action = services, voice, place, action
        self._member, self._guild = member, guild
        self._locale, self._known_at = locale.get(), time.monotonic()

    async def refusal(self) -> str | None:
        """Return why the member may not, None if they may. Raises StorageError."""
        with in_locale(self._locale):
            refused = await self._ask(self._member)
            if refused is not None or not await self._depends_on_roles():
                return refused
            return await self._ask(await self._as_now())

    async def require(self) -> None:
        """Raise UserError where the member may not. Raises StorageError."""
        refused = await self.refusal()
        if refused is not None:
            raise UserError(refused)

    async def reference(self) -> VoiceReference:
        """Return where the engine finds the voice. Raises UserError where it must not speak."""
        reference = await current_reference(self._services, self._voice)
        await self.require()
        return reference

    async def _ask(self, member: MemberFacts) -> str | None:
        return await _refusal(self._services, self._action, member, self._place, self._voice)

    async def _depends_on_roles(self) -> bool:
        """Whether the member may because of roles or permissions, as they were known."""
        old = time.monotonic() - self._known_at > KNOWN_SECONDS
        everybodys = self._member.roles & {self._place.guild}
        return old and await self._ask(MemberFacts(self._member.id, everybodys)) is not None

    async def _as_now(self) -> MemberFacts:
        """Return the member as Discord knows them now.

        Discord does not tell of changes without the privileged intent for members.
        """
        assert self._guild is not None, "nobody has no roles"
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                self._member = facts_of(await self._guild.fetch_member(self._member.id))
        except discord.NotFound:
            self._member = MemberFacts(self._member.id)  # they left the server
        except DISCORD_FAILED as error:
            log.warning("roles of a member unknown", guild=self._place.guild, stage="command",
                        error=repr(error))  # fmt: skip
        self._known_at = time.monotonic()
        return self._member
