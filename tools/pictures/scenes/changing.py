"""`/voice tune`, `rename`, `delete` and `default`."""

from __future__ import annotations

from cogs.voice_views import DeletionQuestion
from tools.pictures.scene import Act, scene
from tools.pictures.scenes import samples

TUNE, RENAME, DELETE, DEFAULT = "voice tune", "voice rename", "voice delete", "voice default"


async def own(act: Act) -> None:
    """Give Ada and Ben a voice each."""
    await act.stage.add_voice(act.place, "Ada", act.ada)
    await act.stage.add_voice(act.place, "Ben", act.ben)


@scene("voice-tune-form", "The options of /voice tune while it is typed", TUNE)
async def tune_form(act: Act) -> None:
    """What Discord shows of it."""
    act.form(TUNE, voice="Ada", exaggeration="0.8")


@scene(
    "voice-tune",
    "/voice tune: how a voice speaks now, after a change, with a setting that the engine ignores, "
    "and after reset",
    TUNE,
)
async def tune(act: Act) -> None:
    """Look, change, reset."""
    await own(act)
    await act.show(act.ada, TUNE, voice="Ada")
    await act.show(act.ada, TUNE, voice="Ada", exaggeration=0.8, temperature=0.6, language="de")
    act.stage.world.engine.model = "turbo"
    await act.show(act.ada, TUNE, voice="Ada", exaggeration=1.2)
    await act.show(act.ada, TUNE, voice="Ada", reset=True)


@scene("voice-rename", "/voice rename: the new name, and a name that is taken", RENAME)
async def rename(act: Act) -> None:
    """Done, and refused."""
    await own(act)
    await act.show(act.ada, RENAME, voice="Ada", name="Ada the Great")
    await act.show(act.ada, RENAME, voice="Ada the Great", name="Ben")


@scene(
    "voice-delete",
    "/voice delete: the question, and the answers after Keep and after Delete",
    DELETE,
    answers=(DeletionQuestion,),
)
async def delete(act: Act) -> None:
    """Asked, kept, deleted."""
    await own(act)
    question = await act.show(act.ada, DELETE, voice="Ada")
    await act.press(act.ada, question, show=DELETE, style=2)
    question = await act.ask(act.ada, DELETE, voice="Ada")
    await act.press(act.ada, question, style=4)
    await act.closed(question)
    act.keep(act.ada, DELETE, question)


@scene(
    "voice-not-yours",
    "Who may change a voice: its owner or a member with Manage Server; nobody here if it is shared "
    "by the operator; and another recording only its owner gives it",
    RENAME,
    DELETE,
    "voice replace",
)
async def not_yours(act: Act) -> None:
    """Another's, and the operator's."""
    await own(act)
    await act.show(act.ada, DELETE, voice="Ben")
    async with act.shared_voice("Herald"):
        await act.show(act.mo, RENAME, voice="Herald", name="Bard")
    await act.show(act.mo, RENAME, voice="Ben", name="Benjamin")
    await act.show(act.mo, "voice replace", voice="Benjamin", sample=samples.shorter())


@scene(
    "voice-default",
    "/voice default: for oneself, taken back, with no voice left, for the server, and without the "
    "permission for that",
    DEFAULT,
)
async def default(act: Act) -> None:
    """Who speaks when no voice is named."""
    await own(act)
    await act.show(act.ada, DEFAULT, voice="Ben")
    await act.show(act.ada, DEFAULT)
    await act.show(act.mo, DEFAULT)
    await act.show(act.mo, DEFAULT, voice="Ben", server=True)
    await act.show(act.mo, DEFAULT, server=True)
    await act.show(act.ada, DEFAULT, voice="Ada", server=True)
