"""`/me`: a member's own settings, and what is stored about them."""

from __future__ import annotations

from cogs.settings.me import MemberPanel
from storage.dictionary import Entry, Owner
from tools.pictures.scene import BOTH, Act, scene

ME = "me"


async def prepare(act: Act) -> None:
    """Give Ada a voice, some settings and a word of her own."""
    voice = await act.stage.add_voice(act.place, "Ada", act.ada)
    owner = Owner(act.guild.id, act.ada.id)
    await act.stage.world.dictionary.add(owner, Entry("brb", "be right back"), act.ada.id)
    for key, value in {"default_voice": voice, "speed": 1.25, "spoken_name": "Ay-da"}.items():
        await act.stage.world.settings.change_member(act.guild.id, act.ada.id, key, value)


@scene(
    "me",
    "/me: your own voice, speed, volume, language, whether you are read, how your name is said and "
    "your greeting",
    ME,
    answers=(MemberPanel,),
    languages=BOTH,
)
async def me(act: Act) -> None:
    """As it opens."""
    await prepare(act)
    await act.show(act.ada, ME)


@scene("me-voice", "Choosing one's voice in /me", ME, languages=BOTH)
async def voice(act: Act) -> None:
    """A menu of voices."""
    await prepare(act)
    panel = await act.ask(act.ada, ME)
    await act.choose(act.ada, panel, "default_voice", show=ME, custom_id="setting")


@scene(
    "me-data",
    "/me: what is stored about you on this server, and how each of it is deleted",
    ME,
    languages=BOTH,
)
async def data(act: Act) -> None:
    """The other page."""
    await prepare(act)
    panel = await act.ask(act.ada, ME)
    await act.choose(act.ada, panel, "What is stored about you 1", show=ME, custom_id="section")
