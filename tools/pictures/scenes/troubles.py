"""What is said when something is wrong with the bot itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from unittest.mock import patch

from bot.command_tree import explain
from bot.errors import EngineDeadError
from loopback import Message
from storage.errors import StorageError
from tools.pictures.scene import Act, scene
from tools.pictures.scenes import samples


async def _list(act: Act) -> Message:
    for number in range(11):
        await act.stage.add_voice(act.place, f"Voice {number}", act.ben)
    return await act.ask(act.ada, "voice list")


@scene(
    "restarted",
    "After a restart of the bot: the card of /enroll is closed, and a button of before says what "
    "to do",
    "enroll",
    "voice list",
)
async def restarted(act: Act) -> None:
    """A button outlives its listener."""
    card = await act.ask(act.ada, "enroll", sample=samples.good(), name="Ada")
    pages = await _list(act)
    await act.stage.restart()
    act.keep(act.ada, "enroll", card)
    pressed = act.ada.press(pages, label="Next")
    act.keep(act.ada, "voice list", await pressed.answered())


@scene(
    "troubles",
    "When the operator has to help: an unknown fault with its number, data that cannot be read, an "
    "engine out of order, a bot that shuts down; and a command of an older version",
    "voice list",
    "say",
)
async def troubles(act: Act) -> None:
    """What members can only pass on."""
    store = act.stage.world.store
    with patch.object(store, "count", _raising(ZeroDivisionError())):
        await act.show(act.ada, "voice list")
    with patch.object(store, "count", _raising(StorageError("disk I/O error"))):
        await act.show(act.ada, "voice list")
    await act.stage.add_voice(act.place, "Ada", act.ada)
    await act.ada.join_voice()
    dead = act.stage.world.engine.failure = EngineDeadError("CUDA is gone")
    message = await act.ask(act.ada, "say", text="Hello.")
    await act.until(message, explain(dead) or "")
    act.keep(act.ada, "say", message)
    assert act.stage.bot is not None
    act.stage.bot.shutting_down = True
    await act.show(act.ada, "voice list")
    act.stage.bot.shutting_down = False
    await _outdated(act)


async def _outdated(act: Act) -> None:
    """Discord still offers a command that the bot does not have any more."""
    registered = act.stage.discord.world.commands[None]
    registered.append({**act.definition("queue"), "name": "speak"})
    message = await act.ada.slash("speak").answered()
    registered.pop()
    act.keep(act.ada, "speak", message)


def _raising(error: Exception) -> Callable[..., Awaitable[int]]:
    async def fail(*_: object) -> int:
        raise error

    return fail
