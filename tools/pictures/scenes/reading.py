"""`/read`, and the menus of messages."""

from __future__ import annotations

from loopback import Message, Person
from loopback.ids import wait_until
from tools.pictures.scene import ANSWER_SECONDS, BOTH, Act, scene
from tools.pictures.scenes.speaking import hold, in_channel

START, STOP, STATUS = "read start", "read stop", "read status"


def mentioning(act: Act, text: str) -> str:
    """Return a message whose content Discord shows to the bot."""
    return f"<@{act.stage.discord.world.bot.id}> {text}"


@scene(
    "read-start",
    "/read start: what is read where; without the Message Content Intent it says what can be read, "
    "and how to have the rest",
    START,
    languages=BOTH,
)
async def start(act: Act) -> None:
    """Not in a call, then in one."""
    await act.show(act.mo, START)
    await in_channel(act)
    await act.show(act.ada, START)


@scene(
    "read-status",
    "/read status: which channels are read where, what is read of them, what waits; and when "
    "nothing is read",
    STATUS,
    languages=BOTH,
)
async def status(act: Act) -> None:
    """Nothing, then two messages that wait."""
    await act.show(act.ada, STATUS)
    await in_channel(act)
    await act.ask(act.ada, START)
    hold(act)
    for person, text in [(act.ada, "Good morning!"), (act.ben, "Where shall we meet today?")]:
        person.send(mentioning(act, text))
    assert act.stage.bot is not None
    player = act.stage.bot.services.voice.player(act.guild.id)
    await wait_until(lambda: len(player.snapshot()) == 2, ANSWER_SECONDS, "two messages that wait")
    await act.show(act.ben, STATUS)
    await act.ask(act.ada, "stop")


@scene(
    "read-stop",
    "/read stop: the end of reading, also when nothing is read",
    STOP,
    languages=BOTH,
)
async def stop(act: Act) -> None:
    """Ended, and nothing left to end."""
    await in_channel(act)
    await act.ask(act.ada, START)
    await act.show(act.ada, STOP)
    await act.show(act.ada, STOP)


@scene(
    "speak-this",
    "“Speak this” and “Speak this as its author” in the menu of a message, and who has no voice",
    languages=BOTH,
)
async def speak_this(act: Act) -> None:
    """In one's own voice, in the author's, without one."""
    await in_channel(act)
    written = act.ben.send("The train leaves at seven.")
    await show_menu(act, act.ada, "Speak this", written)
    await show_menu(act, act.ada, "Speak this as its author", written)
    await act.mo.join_voice()
    await show_menu(act, act.mo, "Speak this", written)


async def show_menu(act: Act, member: Person, name: str, written: Message) -> None:
    """Have a member choose an entry of a message's menu."""
    used = member.use_on_message(name, written)
    act.keep(member, name, await used.answered(ANSWER_SECONDS))
