"""What the commands of a voice call share: whose channel, who may overrule whom, joining."""

from __future__ import annotations

import discord

from bot.errors import UserError
from bot.i18n import N_, _
from bot.voice.link import VocalChannel, refusal
from bot.voice.player import GuildPlayer
from bot.voice.utterances import Rank
from cogs.speech_cards import join_text
from cogs.ui import Interaction, command_names, guild_of, services_of

MAY_OVERRULE = N_("the permission Manage Server, Manage Messages or Move Members")
"""What lets a member end what others have said; see `privileged_in`."""


def player_of(interaction: Interaction) -> GuildPlayer | None:
    """Return the guild's player, if anything was ever said there."""
    return services_of(interaction).voice.existing(guild_of(interaction))


async def join_channel(
    interaction: Interaction,
    player: GuildPlayer,
    channel: VocalChannel,
    *,
    privileged: bool = False,
) -> str:
    """Join and return what came of it. Raises UserError for what is known beforehand."""
    if player.channel != channel:
        refused = refusal(channel)
        if refused is not None:
            raise UserError(join_text(refused, channel))
    # It takes its time even where the bot is already, if the connection was just lost.
    if not interaction.response.is_done():
        await interaction.response.defer(ephemeral=True, thinking=True)
    outcome = await player.join(channel, privileged=privileged)
    text = join_text(outcome, channel)
    if not outcome.joined:
        raise UserError(text)
    return text


def member_of(interaction: Interaction) -> discord.Member:
    """Return who asked, as a member of the guild."""
    assert isinstance(interaction.user, discord.Member), "the commands exist in guilds alone"
    return interaction.user


def channel_of(interaction: Interaction) -> VocalChannel:
    """Return the voice channel that the member is in. Raises UserError without one."""
    state = member_of(interaction).voice
    if state is None or state.channel is None:
        raise UserError(_("Join a voice channel first, so that I know where to speak."))
    return state.channel


def require_may_connect(interaction: Interaction, channel: VocalChannel) -> None:
    """Raise UserError unless the member could join the channel themselves."""
    if not channel.permissions_for(member_of(interaction)).connect:
        text = _("You may not join {channel} yourself, so I do not either.")
        raise UserError(text.format(channel=channel.mention))


def leave_others_alone(
    interaction: Interaction, player: GuildPlayer, channel: VocalChannel
) -> None:
    """Raise UserError if joining `channel` takes the bot from those whom it speaks or reads to."""
    here = player.channel
    if here is None or here == channel:
        return
    if player.snapshot():
        text = _("I am speaking in {channel} right now. Join me there, or wait until I am done.")
        raise UserError(text.format(channel=here.mention))
    session = services_of(interaction).sessions.of(guild_of(interaction))
    if session is not None and session.voice_channel_id == here.id and not player.alone:
        text = _("I am reading aloud in {channel}. Join me there, or ask there for {stop}.")
        stop = command_names(interaction)("read stop")
        raise UserError(text.format(channel=here.mention, stop=stop))


async def player_in(channel: VocalChannel, interaction: Interaction) -> GuildPlayer:
    """Return the player, called into `channel`. Raises UserError where that is refused."""
    player = services_of(interaction).voice.player(guild_of(interaction))
    if player.channel != channel:
        leave_others_alone(interaction, player, channel)
        await join_channel(interaction, player, channel)
    return player


def all_own(
    interaction: Interaction, player: GuildPlayer, *, besides_chatter: bool = False
) -> bool:
    """Whether all that is being said or waits is the member's own."""
    return all(
        entry.member_id == interaction.user.id or (besides_chatter and entry.rank is Rank.CHATTER)
        for entry in player.snapshot()
    )


def privileged_in(interaction: Interaction, player: GuildPlayer) -> bool:
    """Whether the member may overrule others where the bot speaks, wherever they type."""
    member = member_of(interaction)
    general = member.guild_permissions
    there = player.channel.permissions_for(member) if player.channel is not None else general
    manages = general.manage_guild or general.manage_messages
    return manages or there.manage_messages or there.move_members
