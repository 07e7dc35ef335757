"""`/help`: what can be done here and now."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.client import MynahBot
from bot.command_mentions import CommandNames
from cogs import cards
from cogs.call import member_of, player_of
from cogs.ui import (
    Interaction,
    command_names,
    defer,
    engine_note,
    guild_of,
    manages_guild,
    services_of,
)

CHANGES = ("tune", "rename", "replace", "restore", "delete")
"""The commands of `/voice` that change one."""


class Help(commands.Cog):
    """The next steps of whoever asks."""

    @app_commands.command(description="Show what you can do here and now")
    @app_commands.guild_only()
    async def help(self, interaction: Interaction) -> None:
        """Answer with the next steps."""
        await defer(interaction)
        command = command_names(interaction)
        engine = engine_note(services_of(interaction).engine).strip()
        card = cards.embed("What you can do now", engine)
        card.add_field(name="Speaking", value=_speaking(interaction, command), inline=False)
        card.add_field(name="Voices", value=await _voices(interaction, command), inline=False)
        if manages_guild(interaction):
            card.add_field(name="For this server", value=_managing(command), inline=False)
        await interaction.edit_original_response(embed=card)


def _speaking(interaction: Interaction, command: CommandNames) -> str:
    state = member_of(interaction).voice
    own = state.channel if state is not None else None
    player = player_of(interaction)
    mine = player.channel if player is not None else None
    if own is None:
        where = f"I am in {mine.mention}. " if mine is not None else ""
        return f"{where}Join a voice channel first; then {command('say')} speaks there."
    if mine is None:
        return (
            f"{command('say')} calls me into {own.mention} and speaks there. "
            f"{command('join')} only calls me."
        )
    if mine == own:
        return (
            f"I am in your voice channel: {command('say')} speaks. {command('queue')} shows what "
            f"comes next, {command('skip')} and {command('stop')} end it, {command('leave')} sends "
            "me out."
        )
    return (
        f"I am in {mine.mention}, you are in {own.mention}. Join me there, or call me with "
        f"{command('join')} when I am done."
    )


async def _voices(interaction: Interaction, command: CommandNames) -> str:
    services, guild_id, user_id = (
        services_of(interaction),
        guild_of(interaction),
        interaction.user.id,
    )
    own = await services.voices.search(guild_id, "", 1, owner_id=user_id, shared=False)
    speaker = await services.choices.voice_for(guild_id, user_id)
    lines = []
    if speaker is not None:
        lines.append(
            f"{cards.quoted(speaker.name)} speaks for you; {command('voice default')} chooses."
        )
    if own:
        names = ", ".join(command(f"voice {change}") for change in CHANGES)
        lines.append(f"Yours to change: {names}.")
    else:
        lines.append(
            f"You have no voice of your own yet: {command('enroll')} makes one from a recording."
        )
    if speaker is not None or await services.voices.search(guild_id, "", 1):
        lines.append(
            f"{command('voice list')} shows all, {command('voice preview')} lets you hear one."
        )
    return "\n".join(lines)


def _managing(command: CommandNames) -> str:
    return (
        f"You have Manage Server: {command('voice default')} with “server” set to True chooses the "
        "voice of everybody who has none. You can change, replace and delete every voice of this "
        f"server, and use {command('skip')}, {command('stop')} and {command('leave')} at any time."
    )


async def setup(bot: MynahBot) -> None:
    """Add the cog."""
    await bot.add_cog(Help())
