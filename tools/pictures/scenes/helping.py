"""`/help`: what can be done here and now."""

from __future__ import annotations

from tools.pictures.scene import Act, scene

HELP = "help"


@scene("help", "/help for a new member who is in no voice channel and has no voice", HELP)
async def outside(act: Act) -> None:
    """Nothing is there yet."""
    await act.show(act.ada, HELP)


@scene(
    "help-in-channel", "/help for a member with a voice, in a voice channel beside the bot", HELP
)
async def beside(act: Act) -> None:
    """All is there."""
    await act.stage.add_voice(act.place, "Ada", act.ada)
    await act.ada.join_voice()
    await act.ask(act.ada, "join")
    await act.show(act.ada, HELP)


@scene(
    "help-elsewhere", "/help before the bot was called, and while it is in another channel", HELP
)
async def elsewhere(act: Act) -> None:
    """It has to come, or one has to go."""
    await act.stage.add_voice(act.place, "Ada", act.ada)
    await act.ada.join_voice()
    await act.show(act.ada, HELP)
    await act.ask(act.ada, "join")
    den = act.stage.discord.add_voice_channel(act.guild, "Den")
    await act.ben.join_voice(den)
    await act.show(act.ben, HELP)


@scene("help-manager", "/help for a member with Manage Server: what they may do besides", HELP)
async def manager(act: Act) -> None:
    """A moderator asks."""
    await act.show(act.mo, HELP)
