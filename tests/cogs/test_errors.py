"""The one seam for errors: what the member reads, what the log carries."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import discord
import pytest
from discord import app_commands

import cogs.views
from bot.command_tree import STALE, explain
from bot.errors import BusyError, EngineDeadError, EngineError, UserError
from cogs.views import OwnedView
from storage.errors import StorageError, VoiceNotFoundError
from tests.cogs.conftest import Scene, content
from tests.cogs.world import World

RaiseNext = Callable[[Exception], None]


class Trap(OwnedView):
    """A button that fails."""

    error: Exception
    shown: OwnedView

    @discord.ui.button(label="Press")
    async def press(self, interaction: discord.Interaction, _: Any) -> None:
        raise self.error


@pytest.fixture
def trap(world: World) -> type[Trap]:
    """Add commands that fail with `trap.error`: at once, after the answer, or at a press."""

    class Set(Trap):
        error = Exception("unset")

    @app_commands.command(description="Fail")
    async def fail(interaction: discord.Interaction) -> None:
        raise Set.error

    @app_commands.command(description="Fail after an answer")
    async def fail_late(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("begun", ephemeral=True)
        raise Set.error

    @app_commands.command(description="Show the trap")
    async def show(interaction: discord.Interaction) -> None:
        Set.shown = Set(interaction)
        await interaction.response.send_message("trap", view=Set.shown)

    for command in (fail, fail_late, show):
        world.bot.tree.add_command(command)
    return Set


# `trap` comes first, because commands are synced when the scene begins.


@pytest.mark.parametrize("command", ["fail", "fail_late"])
async def test_an_unknown_error_gives_a_number_that_the_log_carries(
    trap: type[Trap], scene: Scene, log_lines: list[Any], command: str
) -> None:
    trap.error = ZeroDivisionError("secret detail")
    result = await scene.ann.slash(scene.channel, command)
    (line,) = [line for line in log_lines if line["log_level"] == "error"]
    log_lines.remove(line)
    number = re.search(r"`(\w{8})`", content(result))
    assert number is not None
    assert number[1] == line["reference"]
    assert line["exc_info"] is trap.error
    assert (line["guild"], line["command"]) == (scene.guild.id, command)
    assert "secret" not in content(result)
    assert result.ephemeral


@pytest.mark.parametrize(
    "error",
    [
        UserError("Say it otherwise."),
        BusyError("Come back later."),
        EngineError("This one failed."),
        VoiceNotFoundError("No such voice."),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_an_error_written_for_people_is_shown_as_it_is_to_who_asked(
    trap: type[Trap], scene: Scene, error: Exception
) -> None:
    trap.error = error
    result = await scene.ann.slash(scene.channel, "fail")
    assert content(result) == str(error)
    assert result.ephemeral


async def test_what_is_refused_is_counted_by_kind(
    trap: type[Trap], scene: Scene, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds: list[str] = []
    monkeypatch.setattr(world.bot.services.figures, "refused", kinds.append)
    for error in (BusyError("Come back later."), VoiceNotFoundError("No such voice.")):
        trap.error = error
        await scene.ann.slash(scene.channel, "fail")
    assert kinds == ["BusyError", "VoiceNotFoundError"]


async def test_an_error_after_the_answer_follows_it(trap: type[Trap], scene: Scene) -> None:
    trap.error = UserError("Too late.")
    result = await scene.ann.slash(scene.channel, "fail_late")
    assert result.response is not None
    assert result.response.content == "begun"
    assert [(m.content, m.ephemeral) for m in result.followups] == [("Too late.", True)]


@pytest.mark.parametrize(
    "error", [EngineDeadError("CUDA is gone"), StorageError("/home/x/mynah.db is damaged")]
)
async def test_what_the_operator_must_mend_is_told_plainly_and_logged_in_full(
    trap: type[Trap], scene: Scene, log_lines: list[Any], error: Exception
) -> None:
    trap.error = error
    result = await scene.ann.slash(scene.channel, "fail")
    (line,) = [line for line in log_lines if line["log_level"] == "error"]
    log_lines.remove(line)
    assert "My operator has to look at it." in content(result)
    assert str(error) not in content(result)
    assert line["error"] == str(error)


async def test_errors_of_buttons_take_the_same_way(trap: type[Trap], scene: Scene) -> None:
    trap.error = UserError("Not like this.")
    shown = await scene.ann.slash(scene.channel, "show")
    assert content(await scene.ann.click(shown.response, label="Press")) == "Not like this."


async def test_a_button_that_nothing_listens_to_says_what_to_do(
    trap: type[Trap], scene: Scene
) -> None:
    trap.error = UserError("Not like this.")
    shown = await scene.ann.slash(scene.channel, "show")
    for view in scene.world.bot.persistent_views:
        view.stop()
    scene.world.bot._connection._view_store._views.clear()  # as after a restart
    scene.world.bot._connection._view_store._synced_message_views.clear()
    pressed = await scene.ann.click(shown.response, label="Press")
    assert [told.content for told in pressed.followups] == [STALE]
    assert shown.response is not None
    assert not shown.response.components


async def test_only_who_asked_may_press(trap: type[Trap], scene: Scene) -> None:
    trap.error = UserError("Not like this.")
    shown = await scene.ann.slash(scene.channel, "show")
    assert "Only the member" in content(await scene.ben.click(shown.response, label="Press"))


async def test_an_interaction_that_discord_gave_up_on_is_logged_quietly(
    trap: type[Trap], scene: Scene, log_lines: list[Any]
) -> None:
    trap.error = UserError("Nobody waits for this.")
    path = "/interactions/*/callback"
    scene.env.inject_error("POST", path, status=404, code=10062, message="Unknown interaction")
    await scene.ann.slash(scene.channel, "fail")
    (line,) = [line for line in log_lines if line["event"] == "answer could not be delivered"]
    assert line["log_level"] == "info"


async def test_new_commands_are_refused_while_shutting_down(trap: type[Trap], scene: Scene) -> None:
    shown = await scene.ann.slash(scene.channel, "show")
    scene.world.bot.shutting_down = True
    assert "shutting down" in content(await scene.ann.slash(scene.channel, "fail"))
    assert "shutting down" in content(await scene.ann.click(shown.response, label="Press"))
    offered = await scene.ann.autocomplete(scene.channel, "voice info", "voice", "a")
    assert offered == []


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (app_commands.MissingPermissions(["manage_guild"]), "Manage Server"),
        (
            app_commands.BotMissingPermissions(["move_members"]),
            "I need the permission Move Members",
        ),
        (app_commands.CommandOnCooldown(app_commands.Cooldown(1, 60), 41.7), "in 42 s"),
        (app_commands.NoPrivateMessage(), "only on a server"),
        (app_commands.CheckFailure(), "cannot use that here"),
        (app_commands.CommandNotFound("old", []), "has changed"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_refusals_of_the_library_are_put_in_clear_words(error: Exception, text: str) -> None:
    assert text in (explain(error) or "")


@pytest.fixture
def failing_edits(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Have the first edit of an answer fail, and return what each was asked for."""
    monkeypatch.setattr(cogs.views, "PAUSES_SECONDS", (0.01, 0.01, 0.01))
    asked: list[dict[str, Any]] = []
    edit = discord.Interaction.edit_original_response

    async def failing(self: discord.Interaction, **changes: Any) -> Any:
        asked.append(changes)
        if len(asked) == 1:
            await asyncio.sleep(0.01)
            raise OSError("cut")
        return await edit(self, **changes)

    monkeypatch.setattr(discord.Interaction, "edit_original_response", failing)
    return asked


async def test_a_card_that_could_not_be_edited_is_edited_again_with_what_came_meanwhile(
    trap: type[Trap], scene: Scene, failing_edits: list[dict[str, Any]]
) -> None:
    result = await scene.ann.slash(scene.channel, "show")
    view = trap.shown
    await asyncio.gather(
        view.edit(content="Saving.", embed=discord.Embed(title="One")),
        view.edit(content="Saved.", view=None),
    )
    assert [changes["content"] for changes in failing_edits] == ["Saving.", "Saved."]
    assert result.response is not None
    assert result.response.content == "Saved."
    assert [embed.title for embed in result.response.embeds] == ["One"]
