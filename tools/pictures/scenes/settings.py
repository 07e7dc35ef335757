"""`/settings`: its pages, and how a setting of each kind is changed."""

from __future__ import annotations

from typing import Any

from cogs.settings.dialogs import TypingDialog
from cogs.settings.panel import Panel
from cogs.settings.server import ServerPanel
from loopback import Message
from tools.pictures.scene import BOTH, Act, scene

SETTINGS = "settings"
ADMINS: dict[str, Any] = {"page": "admins", "languages": BOTH}


async def prepare(act: Act) -> None:
    """Set some things, as a server in use has them."""
    world = act.stage.discord.world
    readers = world.add_role(act.guild, "Regulars", 0)
    mimics = world.add_role(act.guild, "Voice actors", 0)
    for key, value in {
        "speed": 1.15,
        "skip_prefix": "!",
        "announce_names": "always",
        "announce_joins": True,
        "muted_members": (act.ben.id,),
        "enrol_roles": (readers.id, mimics.id),
        "others_voices_roles": (mimics.id,),
        "says_per_minute": 10,
        "auto_join": (act.guild.voice.id,),
        "moderation_channel": act.guild.text.id,
    }.items():
        who = None if key == "speed" else act.mo.id
        await act.stage.world.settings.change_guild(act.guild.id, key, value, changed_by=who)


async def show_pages(act: Act, *pages: str) -> None:
    """Open the panel and show pages of it."""
    await prepare(act)
    panel = await act.ask(act.mo, SETTINGS)
    for page in pages:
        await act.choose(act.mo, panel, page, show=SETTINGS, custom_id="section")


async def open_setting(act: Act, page: str, key: str, *, show: bool = False) -> Message:
    """Open the panel where one setting is changed."""
    panel = await act.ask(act.mo, SETTINGS)
    await act.choose(act.mo, panel, page, custom_id="section")
    await act.choose(act.mo, panel, key, SETTINGS if show else None, custom_id="setting")
    return panel


@scene(
    "settings-speaking",
    "/settings, the page Speaking: each setting with its value and what it means; what differs "
    "from the default is marked",
    SETTINGS,
    answers=(Panel, ServerPanel),
    **ADMINS,
)
async def speaking(act: Act) -> None:
    """As it opens."""
    await prepare(act)
    await act.show(act.mo, SETTINGS)


@scene("settings-reading", "/settings, the page Reading in its two parts", SETTINGS, **ADMINS)
async def reading(act: Act) -> None:
    """Both parts."""
    await show_pages(act, "Reading 1", "Reading 2")


@scene(
    "settings-voices",
    "/settings, the page Voices: who may enrol, use /say and others' voices, and who is read",
    SETTINGS,
    **ADMINS,
)
async def voices(act: Act) -> None:
    """Roles."""
    await show_pages(act, "Voices 1")


@scene(
    "settings-consent",
    "/settings, the page Consent: what a new voice needs as proof, whom it is for, whether a line "
    "says who speaks, and how long the audit trail is kept",
    SETTINGS,
    **ADMINS,
)
async def consent(act: Act) -> None:
    """Proof, reach, the trail."""
    await show_pages(act, "Consent 1")


@scene("settings-limits", "/settings, the page Limits", SETTINGS, **ADMINS)
async def limits(act: Act) -> None:
    """Numbers."""
    await show_pages(act, "Limits 1")


@scene(
    "settings-channels",
    "/settings, the page Channels: where Mynah may be used, where it comes by itself, and the "
    "moderation channel",
    SETTINGS,
    **ADMINS,
)
async def channels(act: Act) -> None:
    """Channels."""
    await show_pages(act, "Channels 1")


@scene("settings-language", "/settings, the page Language", SETTINGS, **ADMINS)
async def language(act: Act) -> None:
    """One setting."""
    await show_pages(act, "Language 1")


@scene(
    "settings-changes",
    "/settings, the page Last changes: who set what when, and what it was before",
    SETTINGS,
    **ADMINS,
)
async def changes(act: Act) -> None:
    """By Mo and by the operator."""
    await show_pages(act, "Last changes 1")


@scene(
    "settings-number",
    "A number is changed in /settings: the setting, the dialog with its range, a value that cannot "
    "be taken, and one that can",
    SETTINGS,
    answers=(TypingDialog,),
    **ADMINS,
)
async def number(act: Act) -> None:
    """Looked at, typed wrong, typed right."""
    panel = await open_setting(act, "Reading 1", "max_characters", show=True)
    opened = await act.press(act.mo, panel, show=SETTINGS, custom_id="type")
    await act.fill(act.mo, opened, panel, "5000")
    act.keep(act.mo, SETTINGS, panel)
    opened = await act.press(act.mo, panel, custom_id="type")
    await act.fill(act.mo, opened, panel, "500")
    act.keep(act.mo, SETTINGS, panel)


@scene(
    "settings-roles",
    "Roles are chosen in Discord's own menu in /settings",
    SETTINGS,
    **ADMINS,
)
async def roles(act: Act) -> None:
    """What is chosen stands in the menu."""
    await prepare(act)
    await open_setting(act, "Voices 1", "enrol_roles", show=True)


@scene(
    "settings-switch",
    "A switch in /settings before and after it is turned on",
    SETTINGS,
    **ADMINS,
)
async def switch(act: Act) -> None:
    """A button."""
    panel = await open_setting(act, "Reading 1", "read_bots", show=True)
    await act.press(act.mo, panel, show=SETTINGS, custom_id="turn")


@scene(
    "settings-meanwhile",
    "/settings when somebody else changed the same setting meanwhile: nothing is changed, and the "
    "panel shows what is set now",
    SETTINGS,
    **ADMINS,
)
async def meanwhile(act: Act) -> None:
    """Two admins."""
    panel = await open_setting(act, "Reading 1", "read_bots")
    await act.stage.world.settings.change_guild(act.guild.id, "read_bots", True, changed_by=None)
    await act.press(act.mo, panel, show=SETTINGS, custom_id="turn")
