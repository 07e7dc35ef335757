""" "Was this made here?"."""

from __future__ import annotations

from typing import Any

import pytest
from simcord.actors import MemberActor

from bot.audit.provenance import Provenance
from bot.i18n import LOCALES, in_locale
from bot.speech.audio_file import audio_bytes
from cogs.provenance_text import provenance_text
from tests.cogs.conftest import Scene, content

MENU = "Was this made here?"
NOTE = "\n-# Only a file that is exactly as I made it is recognised, by its SHA-256."


@pytest.fixture
async def spoken(scene: Scene) -> bytes:
    """A file that Ann had made in Ben's voice."""
    await scene.world.add_voice("Ben", scene.guild.id, scene.ben.id)
    answer = await scene.ann.slash(scene.channel, "say", text="Hello.", voice="Ben", file=True)
    assert answer.response is not None
    [attachment] = answer.response.attachments
    return bytes(await attachment.read())


async def ask(scene: Scene, member: MemberActor, *files: tuple[str, bytes]) -> str:
    message = await scene.ben.send(scene.channel, "Listen!", attachments=files)
    return content(await member.context_menu(scene.channel, MENU, message))


@pytest.mark.parametrize("asker", ["mo", "ben", "ann"])
async def test_who_may_know_learns_who_spoke_in_whose_voice(
    scene: Scene, spoken: bytes, asker: str
) -> None:
    told = await ask(scene, getattr(scene, asker), ("a.ogg", spoken))
    made, utterance = told.removesuffix(NOTE).splitlines()
    assert made == "**Made here.** I spoke exactly this on this server."
    assert utterance.startswith(f"<@{scene.ann.id}> as “Ben” (<@{scene.ben.id}>), <t:")
    assert utterance.endswith(", 0.1 s")


async def test_others_learn_only_that_it_was_made_here(scene: Scene, spoken: bytes) -> None:
    cleo = scene.guild.add_member(scene.env.create_user("cleo"))
    assert await ask(scene, cleo, ("a.ogg", spoken)) == (
        "**Made here.** I spoke exactly this on this server. By whom and when, its voice's owner "
        "and those who manage the server can see." + NOTE
    )


async def test_another_server_is_told_nothing_of_it(scene: Scene, spoken: bytes) -> None:
    other = scene.env.create_guild("Other")
    channel, eve = other.create_text_channel("chat"), other.add_member(scene.env.create_user("eve"))
    message = await eve.send(channel, "Listen!", attachments=[("a.ogg", spoken)])
    told = content(await eve.context_menu(channel, MENU, message))
    assert told.startswith("**I cannot know.** What I spoke on this server and still have")


async def test_what_was_encoded_anew_cannot_be_known(scene: Scene, spoken: bytes) -> None:
    told = await ask(scene, scene.mo, ("a.wav", audio_bytes([b"\xf8\xff\xfe"] * 50, "wav")))
    assert told.startswith("**I cannot know.** It is not as I make files, so there is nothing to")
    assert "Whether it carries a watermark I cannot tell here." in told
    assert "That does not prove that a person spoke." in told


async def test_a_watermark_says_that_it_is_synthetic(scene: Scene) -> None:
    scene.world.engine.mark = 1.0
    told = await ask(scene, scene.mo, ("a.wav", audio_bytes([b"\xf8\xff\xfe"] * 50, "wav")))
    assert told.startswith("**Synthetic, but not known here.** It carries the watermark of")


async def test_without_a_watermark_that_is_said(scene: Scene) -> None:
    scene.world.engine.mark = 0.0
    told = await ask(scene, scene.mo, ("a.wav", audio_bytes([b"\xf8\xff\xfe"] * 50, "wav")))
    assert "It carries no watermark of Chatterbox" in told


async def test_each_of_several_files_has_an_answer(scene: Scene, spoken: bytes) -> None:
    told = await ask(scene, scene.mo, ("a.ogg", spoken), ("b.ogg", spoken))
    assert [line.split(":")[0] for line in told.splitlines() if "Made" in line] == [
        "a.ogg",
        "b.ogg",
    ]


async def test_what_is_wrong_with_one_file_keeps_no_other_from_its_answer(
    scene: Scene, spoken: bytes
) -> None:
    told = await ask(scene, scene.mo, ("a.ogg", b"no sound"), ("b.ogg", spoken))
    assert "a.ogg: This is not an audio file." in told
    assert "b.ogg: **Made here.**" in told


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ((), "That message has no recording. Choose one with a sound file."),
        ((("a.png", b"picture"),), "That message has no recording."),
        ((("a.ogg", b"no sound at all"),), "This is not an audio file."),
    ],
)
async def test_what_is_no_recording_is_refused(scene: Scene, files: Any, told: str) -> None:
    assert (await ask(scene, scene.mo, *files)).startswith(told)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("watermark", [None, 0.0, 1.0])
@pytest.mark.parametrize("comparable", [False, True])
def test_three_answers_fit_one_message(
    locale: str, watermark: float | None, comparable: bool
) -> None:
    with in_locale(locale):
        text = provenance_text(Provenance((), comparable, watermark), lambda row: True)
    assert len(text) * 3 < 1900
