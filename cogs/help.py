"""`/help`: what can be done here and now."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.client import MynahBot
from bot.command_mentions import CommandNames
from bot.i18n import _, listed, pgettext
from cogs import cards
from cogs.call import member_of, player_of
from cogs.saying import voice_of
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
        card = cards.embed(_("What you can do now"), engine)
        card.add_field(name=_("Speaking"), value=_speaking(interaction, command), inline=False)
        card.add_field(name=_("Reading"), value=_reading(command), inline=False)
        card.add_field(name=_("Voices"), value=await _voices(interaction, command), inline=False)
        card.add_field(name=_("Your own"), value=_own(command), inline=False)
        if manages_guild(interaction):
            card.add_field(name=_("For this server"), value=_managing(command), inline=False)
        card.set_footer(text=_(cards.SYNTHETIC))
        await interaction.edit_original_response(embed=card)


def _speaking(interaction: Interaction, command: CommandNames) -> str:
    state = member_of(interaction).voice
    own = state.channel if state is not None else None
    player = player_of(interaction)
    mine = player.channel if player is not None else None
    if own is None:
        text = _("Join a voice channel first; then {say} speaks there.").format(say=command("say"))
        if mine is None:
            return text
        return " ".join((_("I am in {channel}.").format(channel=mine.mention), text))
    if mine is None:
        return _("{say} calls me into {channel} and speaks there. {join} only calls me.").format(
            say=command("say"), join=command("join"), channel=own.mention
        )
    if mine == own:
        names = {name: command(name) for name in ("say", "queue", "skip", "stop", "leave")}
        return _(
            "I am in your voice channel: {say} speaks. {queue} shows what comes next, {skip} and "
            "{stop} end it, {leave} sends me out."
        ).format(**names)
    return _(
        "I am in {here}, you are in {there}. Join me there, or call me with {join} when I am done."
    ).format(here=mine.mention, there=own.mention, join=command("join"))


def _reading(command: CommandNames) -> str:
    names = {name: command(f"read {name}") for name in ("start", "status", "stop")}
    return _(
        "{start} has a channel read aloud in your voice channel, {status} tells what is read, "
        "{stop} ends it. “Speak this”, under Apps in the menu of a message, speaks one message; "
        "“Was this made here?” says whether I spoke a recording."
    ).format(**names)


def _own(command: CommandNames) -> str:
    return _(
        "{me}: which voice speaks for you, how fast, how your name is said, whether you are read, "
        "and what is stored about you. {add} sets how a word is spoken. {export} gives you all "
        "that is stored about you, {delete} deletes it."
    ).format(
        me=command("me"),
        add=command("dictionary add"),
        export=command("privacy export"),
        delete=command("privacy delete"),
    )


async def _voices(interaction: Interaction, command: CommandNames) -> str:
    services, guild_id, user_id = (
        services_of(interaction),
        guild_of(interaction),
        interaction.user.id,
    )
    own = await services.voices.search(guild_id, "", 1, owner_id=user_id, shared=False)
    speaker, _refused = await voice_of(interaction)
    lines = []
    if speaker is not None:
        lines.append(
            _("{voice} speaks for you; {default} chooses.").format(
                voice=cards.quoted(speaker.name), default=command("voice default")
            )
        )
    if own:
        names = listed(command(f"voice {change}") for change in CHANGES)
        lines.append(_("Yours to change: {commands}.").format(commands=names))
        lines.append(_whose(command))
    else:
        lines.append(
            _(
                "You have no voice of your own yet: {enroll} makes one, live in the call or from a "
                "recording."
            ).format(enroll=command("enroll"))
        )
    if speaker is not None or await services.voices.search(guild_id, "", 1):
        lines.append(
            _("{list} shows all, {preview} lets you hear one.").format(
                list=command("voice list"), preview=command("voice preview")
            )
        )
    return "\n".join(lines)


def _whose(command: CommandNames) -> str:
    names = {name: command(f"voice {name}") for name in ("share", "usage", "pause", "block")}
    return _(
        "Yours to decide: {share} says who may speak as it, {usage} shows who did, {pause} stops "
        "it at once, {block} keeps somebody from all of yours."
    ).format(**names)


def _managing(command: CommandNames) -> str:
    names = {name: command(name) for name in ("settings", "audit", "skip", "stop", "leave")}
    return _(
        "You have Manage Server: {settings} changes how I work here. {default} with “{server}” set "
        "to True chooses the voice of everybody who has none. You can change, pause and delete "
        "every voice of this server, and use {skip}, {stop} and {leave} at any time. {audit} shows "
        "what happened, and who spoke in which voice."
    ).format(default=command("voice default"), server=pgettext("option name", "server"), **names)


async def setup(bot: MynahBot) -> None:
    """Add the cog."""
    await bot.add_cog(Help())
