"""`/dictionary`, and what `/say` makes of a text with it."""

from __future__ import annotations

from cogs.dictionary.clearing import ClearQuestion
from cogs.dictionary.hearing import SaveEntry
from cogs.dictionary.looking import EntryPages
from loopback import Upload
from storage.dictionary import Entry, Owner
from tools.pictures.scene import BOTH, Act, scene
from tools.pictures.scenes.speaking import SAY, in_channel

ADD, REMOVE, LIST = "dictionary add", "dictionary remove", "dictionary list"
HEAR, IMPORT, EXPORT = "dictionary hear", "dictionary import", "dictionary export"

ENTRIES = (
    Entry("brb", "be right back"),
    Entry("afk", "away from the keyboard"),
    Entry("GG", "good game"),
    Entry("Nguyen", "win"),
    Entry("Siobhan", "shi-vawn"),
    Entry("SQL", "sequel"),
    Entry(":blobwave:", "waves"),
    Entry("🦆", "quack"),
    Entry("www", "haha", language="ja"),
    Entry(r"v(\d+)", r"version \1", pattern=True),
    Entry("o7", ""),
    Entry("Ada", "Ay-da"),
)


async def fill(act: Act, *, server: bool = False) -> None:
    """Give Ada, or the server, some entries."""
    owner = Owner(act.guild.id, 0 if server else act.ada.id)
    for entry in ENTRIES:
        await act.stage.world.dictionary.add(owner, entry, act.mo.id)


@scene(
    "dictionary-add",
    "/dictionary add: a word, a pattern tried on a text, an entry for the server without the "
    "permission for it, and a pattern that would take too long",
    ADD,
    languages=BOTH,
)
async def add(act: Act) -> None:
    """Taken and refused."""
    await act.show(act.ada, ADD, written="brb", spoken="be right back")
    await act.show(
        act.ada, ADD, written=r"v(\d+)", spoken=r"version \1", pattern=True, text="It is in v12."
    )
    await act.show(act.ada, ADD, written="GG", spoken="good game", server=True)
    await act.show(act.ada, ADD, written="(a+)+$", spoken="a", pattern=True)


@scene(
    "dictionary-list",
    "/dictionary list: the entries of a dictionary, page by page",
    LIST,
    answers=(EntryPages,),
    languages=BOTH,
)
async def list_entries(act: Act) -> None:
    """The first page."""
    await fill(act)
    await act.show(act.ada, LIST)


@scene(
    "dictionary-hear",
    "/dictionary hear: the text as it is spoken, and as speech, before anything is saved",
    HEAR,
    answers=(SaveEntry,),
    languages=BOTH,
)
async def hear(act: Act) -> None:
    """Heard, then kept."""
    await act.stage.add_voice(act.place, "Ada", act.ada)
    heard = await act.show(
        act.ada, HEAR, written="Nguyen", spoken="win", text="Nguyen has the ball."
    )
    await act.press(act.ada, heard, style=1)
    await act.closed(heard)
    act.keep(act.ada, HEAR, heard)


@scene(
    "dictionary-remove",
    "/dictionary remove: an entry that is gone, one that there never was, and all of them after a "
    "question",
    REMOVE,
    answers=(ClearQuestion,),
    languages=BOTH,
)
async def remove(act: Act) -> None:
    """Once, and once more; then the rest."""
    await fill(act)
    await act.show(act.ada, REMOVE, written="brb")
    await act.show(act.ada, REMOVE, written="brb")
    question = await act.show(act.ada, REMOVE, everything=True)
    await act.press(act.ada, question, style=4)
    await act.closed(question)
    act.keep(act.ada, REMOVE, question)


@scene(
    "dictionary-files",
    "/dictionary export: the entries as a JSON file; /dictionary import: what was taken of a file, "
    "and what was not",
    EXPORT,
    IMPORT,
    languages=BOTH,
)
async def files(act: Act) -> None:
    """Out and in."""
    await fill(act)
    await act.show(act.ada, EXPORT)
    content = (
        '[{"written": "brb", "spoken": "back soon"}, {"written": "imo", "spoken": "in my opinion"},'
        ' {"written": "(", "spoken": "", "pattern": true}]'
    )
    file = Upload("words.json", content.encode(), "application/json")
    await act.show(act.ada, IMPORT, file=file)


@scene(
    "say-dictionary",
    "The answer to /say when the dictionary changes the text: it shows what the text becomes",
    SAY,
    languages=BOTH,
)
async def say(act: Act) -> None:
    """A text with three entries in it."""
    await in_channel(act)
    await fill(act, server=True)
    await act.show(act.ada, SAY, text="brb, Nguyen fixed it in v12")
