"""Nothing that members can use is missing in table.md; tests/e2e/test_access.py holds its cells."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import discord
import simcord
from discord import app_commands

import cogs
from cogs.views import MynahModal, OwnedView
from tests.cogs.access.outcomes import REFUSALS
from tests.cogs.access.table import rows
from tests.cogs.access.uses import USES
from tests.cogs.world import World

BUTTONS = {"ReportButton": "[Report]"}
"""What outlives a restart, by its class."""


def test_every_row_is_used_and_every_use_has_a_row() -> None:
    assert set(rows()) == set(USES)


def test_the_table_has_no_words_but_those_that_are_explained() -> None:
    words = {cell for row in rows().values() for cell in row.values()}
    assert words <= {"yes", *REFUSALS}


async def test_every_command_menu_and_lasting_button_has_a_row(
    env: simcord.Env, world: World
) -> None:
    tree = world.bot.tree
    commands = [c for c in tree.walk_commands() if isinstance(c, app_commands.Command)]
    menus = [
        menu
        for kind in (discord.AppCommandType.user, discord.AppCommandType.message)
        for menu in tree.get_commands(type=kind)
    ]
    buttons = [item.__name__ for item in world.bot._connection._view_store._dynamic_items.values()]
    assert buttons == list(BUTTONS)
    names = [f"/{each.qualified_name}" for each in commands]
    names += [menu.name for menu in menus] + [BUTTONS[button] for button in buttons]
    uses = [use.split(" (")[0] for use in USES]
    assert not [n for n in names if not any(u == n or u.startswith(f"{n} ") for u in uses)]
    assert len(names) > 40


def test_every_view_asks_who_presses() -> None:
    """A view of its own kind would have to be in the table."""
    views = [each for each in classes() if issubclass(each, discord.ui.View)]
    assert len(views) >= 6
    assert [each.__name__ for each in views if not issubclass(each, OwnedView)] == []
    checking = {each.__name__ for each in views if "interaction_check" in vars(each)}
    # The others ask it first, and then whether the member still may.
    assert checking == {"OwnedView", "Panel", "AuditPages"}


def test_every_dialog_takes_the_way_of_all_errors() -> None:
    dialogs = [each for each in classes() if issubclass(each, discord.ui.Modal)]
    assert len(dialogs) >= 4
    assert [each.__name__ for each in dialogs if not issubclass(each, MynahModal)] == []


def classes() -> list[type[Any]]:
    """The classes that the cogs define."""
    folder = [str(Path(cogs.__file__).parent)]
    names = [found.name for found in pkgutil.walk_packages(folder, "cogs.")]
    modules = [importlib.import_module(name) for name in names]
    return [
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type) and each.__module__ == module.__name__
    ]
