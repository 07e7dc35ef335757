"""`/privacy`: what is stored about a member, handed out and deleted."""

from __future__ import annotations

from cogs.privacy.deleting import ErasureQuestion
from loopback import wait_until
from tools.pictures.scene import ANSWER_SECONDS, BOTH, Act, scene
from tools.pictures.scenes.me import prepare

EXPORT, DELETE = "privacy export", "privacy delete"
KEEP, DELETE_ALL = 2, 4  # the styles of the buttons


@scene(
    "privacy-export",
    "/privacy export: everything about you, as a file that only you see",
    EXPORT,
    languages=BOTH,
)
async def export(act: Act) -> None:
    """A voice, settings, a word."""
    await prepare(act)
    answer = await act.ask(act.ada, EXPORT)
    await act.until(answer, "README.txt")
    act.keep(act.ada, EXPORT, answer)


@scene(
    "privacy-delete",
    "/privacy delete: what will go, and the answers after Keep and after Delete",
    DELETE,
    answers=(ErasureQuestion,),
    languages=BOTH,
)
async def delete(act: Act) -> None:
    """Asked, kept, deleted."""
    await prepare(act)
    question = await act.show(act.ada, DELETE)
    await act.press(act.ada, question, style=KEEP)
    await act.closed(question)
    act.keep(act.ada, DELETE, question)
    question = await act.ask(act.ada, DELETE)
    await act.press(act.ada, question, style=DELETE_ALL)
    await act.closed(question)
    await wait_until(lambda: "\n- " in question.content, ANSWER_SECONDS, "what was deleted")
    act.keep(act.ada, DELETE, question)
