"""How a member's text is delivered in a guild."""

from __future__ import annotations

from bot.settings.guild import GuildSettings
from bot.settings.member import MemberSettings
from bot.settings.service import SettingsService
from bot.speech.delivery import NOTHING_SET, Delivery, DeliverySettings, combined


async def delivery_for(
    settings: SettingsService,
    guild_id: int,
    user_id: int,
    voice: DeliverySettings,
    text: DeliverySettings = NOTHING_SET,
) -> Delivery:
    """Return how a text of a member is delivered; see `bot.speech.delivery.combined`.

    voice, text: what the voice and the text have of their own. Raises StorageError.
    """
    guild = guild_delivery(await settings.guild(guild_id))
    member = member_delivery(await settings.member(guild_id, user_id))
    return combined(guild, voice, member, text)


def guild_delivery(settings: GuildSettings) -> Delivery:
    """Return how a guild has its texts delivered."""
    return Delivery(settings.speed, settings.volume_db, settings.loudness_lufs)


def member_delivery(settings: MemberSettings) -> DeliverySettings:
    """Return what a member has set for their own texts."""
    return DeliverySettings(settings.speed, settings.volume_db)
