"""`/voice replace` and `restore`."""

from __future__ import annotations

from cogs import cards
from tools.pictures.scene import Act, scene
from tools.pictures.scenes import samples
from tools.pictures.scenes.enrolling import save
from tools.pictures.scenes.voices import enrolled

REPLACE, RESTORE = "voice replace", "voice restore"


@scene(
    "voice-replace",
    "/voice replace: the card for another recording of a voice, before Save",
    REPLACE,
)
async def replace(act: Act) -> None:
    """The same card as that of /enroll."""
    await enrolled(act)
    await act.show(act.ada, REPLACE, voice="Ada", sample=samples.shorter())


@scene(
    "voice-replaced",
    "/voice replace after Save: until when the former recording can be brought back",
    REPLACE,
    answers=(cards.replaced_card,),
)
async def replaced(act: Act) -> None:
    """Saved."""
    await enrolled(act)
    card = await act.ask(act.ada, REPLACE, voice="Ada", sample=samples.shorter())
    await save(act, card)
    act.keep(act.ada, REPLACE, card)


@scene(
    "voice-replace-deleted",
    "The card of /voice replace after Save when the voice was deleted meanwhile",
    REPLACE,
)
async def deleted_meanwhile(act: Act) -> None:
    """Nothing is left to replace."""
    voice = await act.stage.add_voice(act.place, "Ada", act.ada)
    card = await act.ask(act.ada, REPLACE, voice="Ada", sample=samples.shorter())
    await act.stage.world.store.delete(voice)
    await save(act, card)
    act.keep(act.ada, REPLACE, card)


@scene(
    "voice-restore",
    "/voice restore: the former recording is back; a voice that was never replaced has none",
    RESTORE,
)
async def restore(act: Act) -> None:
    """Back, and nothing to bring back."""
    await enrolled(act)
    card = await act.ask(act.ada, REPLACE, voice="Ada", sample=samples.shorter())
    await save(act, card)
    await act.show(act.ada, RESTORE, voice="Ada")
    await act.stage.add_voice(act.place, "Captain", act.ada)
    await act.show(act.ada, RESTORE, voice="Captain")
