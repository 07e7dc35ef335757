"""In which language members are answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import discord
import pytest
from discord import app_commands
from simcord.actors import MemberActor

from bot.i18n import locale
from cogs.views import MynahModal, OwnedView
from tests.cogs.conftest import Scene, content
from tests.cogs.world import World

Speaks = Callable[[MemberActor, str], None]


class Question(MynahModal, title="Question"):
    """Tells its locale when it is sent."""

    words = discord.ui.Label[Any](
        text="Words", component=discord.ui.TextInput(custom_id="words", required=False)
    )

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        await interaction.response.send_message(locale.get(), ephemeral=True)


class Buttons(OwnedView):
    """Tells its locale when it is pressed."""

    @discord.ui.button(label="Press")
    async def press(self, interaction: discord.Interaction, _: Any) -> None:
        await interaction.response.send_message(locale.get(), ephemeral=True)

    @discord.ui.button(label="Ask")
    async def ask(self, interaction: discord.Interaction, _: Any) -> None:
        await interaction.response.send_modal(Question())


@pytest.fixture
def tell(world: World) -> None:
    @app_commands.command(description="Tell the locale")
    async def tell(interaction: discord.Interaction) -> None:
        await interaction.response.send_message(locale.get(), view=Buttons(interaction))

    world.bot.tree.add_command(tell)


# `tell` comes first, because commands are synced when the scene begins.


@pytest.mark.parametrize(
    ("discords", "ours"),
    [
        ("de", "de"),
        ("ja", "ja"),
        ("es-ES", "es"),
        ("es-419", "es"),
        ("fr", "fr"),
        ("en-GB", "en"),
        ("pt-BR", "en"),
    ],
)
async def test_commands_buttons_and_dialogs_answer_in_the_members_language(
    tell: None, scene: Scene, speaks: Speaks, discords: str, ours: str
) -> None:
    speaks(scene.ann, discords)
    shown = await scene.ann.slash(scene.channel, "tell")
    assert content(shown) == ours
    assert content(await scene.ann.click(shown.response, label="Press")) == ours
    asked = await scene.ann.click(shown.response, label="Ask")
    assert content(await scene.ann.submit_modal(asked, {"words": "x"})) == ours


async def test_members_do_not_change_each_others_language(
    tell: None, scene: Scene, speaks: Speaks
) -> None:
    speaks(scene.ann, "de")
    assert content(await scene.ann.slash(scene.channel, "tell")) == "de"
    assert content(await scene.ben.slash(scene.channel, "tell")) == "en"
    assert locale.get() == "en"
