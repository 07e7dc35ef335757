"""`/voice list`, `info` and `preview`, and finding a voice while typing."""

from __future__ import annotations

import asyncio

from cogs import cards
from cogs.pages import PagedView
from cogs.voice_views import VoicePages
from tools.pictures.scene import Act, scene
from tools.pictures.scenes import samples
from tools.pictures.scenes.enrolling import save

LIST, INFO, PREVIEW = "voice list", "voice info", "voice preview"
NAMES = (
    "Ada", "Ben", "Captain", "Cleo", "Eve", "Grandpa", "Lighthouse keeper", "Mo", "Narrator",
    "Old sailor", "Pirate", "Sailor Dan",
)  # fmt: skip


async def enrolled(act: Act) -> None:
    """Let Ada enrol a voice, with all that is kept with it."""
    await save(act, await act.ask(act.ada, "enroll", sample=samples.good(), name="Ada"))


@scene(
    "voice-list",
    "/voice list on a server without voices, then with some, one of them shared by the operator",
    LIST,
)
async def one_page(act: Act) -> None:
    """Nothing to turn."""
    await act.show(act.ada, LIST)
    await act.stage.add_voice(act.place, "Ada", act.ada)
    await act.stage.add_voice(act.place, "Captain", act.ada)
    await act.stage.add_voice(act.place, "Ben", act.ben)
    async with act.shared_voice("Herald"):
        await act.show(act.ada, LIST)


@scene(
    "voice-list-pages",
    "/voice list with several pages: the first, and the second after Next",
    LIST,
    answers=(VoicePages, PagedView),
)
async def several_pages(act: Act) -> None:
    """One turns them."""
    for number, name in enumerate(NAMES):
        owner = (act.ada, act.ben, act.mo)[number % 3]
        await act.stage.add_voice(act.place, name, owner)
    message = await act.show(act.ada, LIST)
    await act.press(act.ada, message, show=LIST, label="Next")


@scene(
    "voice-search",
    "Finding a voice while typing: names of which a word begins so; a name that nobody has gets "
    "those that are close",
    "say",
    INFO,
)
async def search(act: Act) -> None:
    """A few letters are enough."""
    for name in NAMES:
        await act.stage.add_voice(act.place, name, act.ben)
    await act.typing(act.ada, "say", "voice", "s", text="Land ahead!")
    await act.show(act.ada, INFO, voice="Old salor")


@scene(
    "voice-info",
    "/voice info: all that is known about a member's voice, and about one that the operator shares",
    INFO,
    answers=(cards.voice_card,),
)
async def info(act: Act) -> None:
    """A voice that was used."""
    await enrolled(act)
    voice = (await act.stage.world.store.search(act.guild.id, "Ada", 1))[0]
    for _ in range(3):
        await act.stage.world.store.mark_used(voice.id)
    await act.show(act.ada, INFO, voice="Ada")
    lively = {
        "exaggeration": 0.8,
        "cfg_weight": 0.3,
        "temperature": None,
        "seed": None,
        "takes": None,
        "speed": None,
        "volume_db": None,
    }
    async with act.shared_voice("Herald") as shared:
        await act.stage.world.store.tune(shared, **lively, language="de")
        await act.show(act.ben, INFO, voice="Herald")


@scene("voice-info-damaged", "/voice info and /say of a voice whose recording is damaged", INFO)
async def damaged(act: Act) -> None:
    """A disk fails."""
    store = act.stage.world.store
    voice = await store.get(await act.stage.add_voice(act.place, "Captain", act.ben))
    path = store.clip_path(voice)
    path.write_bytes(path.read_bytes()[:100])
    await store.check(verify=True)
    await act.show(act.ada, INFO, voice="Captain")
    await act.ada.join_voice()
    await act.show(act.ada, "say", text="Hello.", voice="Captain")


@scene(
    "voice-preview", "/voice preview: a sentence that the voice speaks, to hear anywhere", PREVIEW
)
async def preview(act: Act) -> None:
    """With and without a clone."""
    await act.stage.add_voice(act.place, "Ada", act.ada)
    await act.show(act.ben, PREVIEW, voice="Ada")


@scene(
    "voice-preview-refused",
    "Refusals of /voice preview: the engine is still loading, others are waiting for previews, or "
    "one asked too often",
    PREVIEW,
)
async def preview_refused(act: Act) -> None:
    """Too early, too often."""
    await act.stage.add_voice(act.place, "Ada", act.ada)
    engine = act.stage.world.engine
    engine.ready = engine.loaded_before = False
    await act.show(act.ada, PREVIEW, voice="Ada")
    act.stage.calm()
    engine.gate = asyncio.Event()
    waiting = [act.ada.slash(PREVIEW, voice="Ada") for _ in range(3)]
    await asyncio.gather(*(command.acknowledged() for command in waiting))
    await act.show(act.ben, PREVIEW, voice="Ada")
    await act.show(act.ada, PREVIEW, voice="Ada")
