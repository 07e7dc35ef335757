"""`/help`: what can be done here and now."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.client import MynahBot
from cogs import cards
from cogs.call import member_of, player_of
from cogs.ui import Interaction, defer, engine_note, guild_of, manages_guild, services_of


class Help(commands.Cog):
    """The next steps of whoever asks."""

    @app_commands.command(description="Show what you can do here and now")
    @app_commands.guild_only()
    async def help(self, interaction: Interaction) -> None:
        """Answer with the next steps."""
        await defer(interaction)
        card = cards.embed("What you can do now", engine_note(services_of(interaction).engine))
        card.add_field(name="Speaking", value=_speaking(interaction), inline=False)
        card.add_field(name="Voices", value=await _voices(interaction), inline=False)
        if manages_guild(interaction):
            card.add_field(name="For this server", value=_MANAGING, inline=False)
        await interaction.edit_original_response(embed=card)


_MANAGING = (
    "You have Manage Server: `/voice default server:True` chooses the voice of everybody who has "
    "none. You can change, replace and delete every voice of this server, and `/skip`, `/stop` and "
    "`/leave` at any time."
)


def _speaking(interaction: Interaction) -> str:
    state = member_of(interaction).voice
    own = state.channel if state is not None else None
    player = player_of(interaction)
    mine = player.channel if player is not None else None
    if own is None:
        where = f"I am in {mine.mention}. " if mine is not None else ""
        return f"{where}Join a voice channel first; then `/say` speaks there."
    if mine is None:
        return f"`/say` calls me into {own.mention} and speaks there. `/join` only calls me."
    if mine == own:
        return (
            "I am in your voice channel: `/say` speaks. `/queue` shows what comes next, `/skip` and"
            " `/stop` end it, `/leave` sends me out."
        )
    return (
        f"I am in {mine.mention}, you are in {own.mention}. Join me there, or call me with `/join` "
        "when I am done."
    )


async def _voices(interaction: Interaction) -> str:
    services, guild_id, user_id = (
        services_of(interaction),
        guild_of(interaction),
        interaction.user.id,
    )
    own = await services.voices.search(guild_id, "", 1, owner_id=user_id, shared=False)
    speaker = await services.choices.voice_for(guild_id, user_id)
    lines = []
    if speaker is not None:
        lines.append(f"{cards.quoted(speaker.name)} speaks for you; `/voice default` chooses.")
    if own:
        lines.append(
            "Yours to change: `/voice tune`, `/voice rename`, `/voice replace`, `/voice restore`, "
            "`/voice delete`."
        )
    else:
        lines.append("You have no voice of your own yet: `/enroll` makes one from a recording.")
    return "\n".join([*lines, "`/voice list` shows all, `/voice preview` lets you hear one."])


async def setup(bot: MynahBot) -> None:
    """Add the cog."""
    await bot.add_cog(Help())
