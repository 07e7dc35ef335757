"""What members are answered, in languages other than English."""

from __future__ import annotations

import contextvars

import pytest
from simcord.builders import ChannelHandle

from bot.enrolment.types import AudioFileError, EnrolmentSample, Finding
from bot.enrolment.words import beside_voice
from bot.i18n import Translatable, in_locale
from bot.voice.utterances import Progress, UtteranceEnd
from cogs import cards
from cogs.progress import ProgressLine
from tests.cogs.calls import ready, say
from tests.cogs.conftest import Scene, as_read, content
from tests.cogs.test_enrolment import FILE, enrol
from tests.cogs.test_locales import Speaks
from tests.cogs.test_progress import Interaction
from tests.cogs.world import make_clip, make_picture, make_report


async def test_a_german_member_is_answered_in_german(scene: Scene, speaks: Speaks) -> None:
    speaks(scene.ann, "de")
    shown = await scene.ann.slash(scene.channel, "queue")
    assert shown.response is not None
    (embed,) = shown.response.embeds
    assert embed.title == "Warteschlange"
    assert embed.description == "Es wartet nichts darauf, gesagt zu werden."


@pytest.mark.usefixtures("texts_wait")
async def test_numbers_have_the_forms_of_the_language(
    scene: Scene, lounge: ChannelHandle, speaks: Speaks
) -> None:
    speaks(scene.ann, "de")
    await ready(scene, lounge, scene.ann)
    await say(scene)
    assert "spricht als „Ann“ nach einem Text, in etwa" in content(await say(scene))
    assert "nach 2 Texten" in content(await say(scene))
    speaks(scene.ann, "fr")
    stopped = await scene.ann.slash(scene.channel, "stop")
    assert content(stopped) == "Arrêté\N{NO-BREAK SPACE}; 3 textes oubliés."


async def test_errors_are_told_in_japanese_from_every_room(
    scene: Scene, lounge: ChannelHandle, speaks: Speaks
) -> None:
    speaks(scene.ann, "ja")
    await scene.ann.join_voice(lounge)
    assert as_read(content(await say(scene))).startswith("まだここに声がありません。/enroll")
    unknown = await scene.ann.slash(scene.channel, "voice info", voice="Xyz")
    assert content(unknown).startswith("「Xyz」という声はありません。")  # storage's
    await ready(scene, lounge, scene.ann)
    wordless = await scene.ann.slash(scene.channel, "say", text="…")
    assert content(wordless).startswith("この文章には読む内容がありません。")  # of a thread
    scene.world.media.outcome = AudioFileError(Translatable("The file has no sound track."))
    refused = await enrol(scene, "New")
    assert content(refused) == "ファイルに音声トラックがありません。"  # the media worker's


async def test_a_card_of_a_recording_is_in_french(scene: Scene, speaks: Speaks) -> None:
    speaks(scene.ann, "fr")
    noise = Translatable(
        "There is noise behind the voice, {how_loud}.", how_loud=beside_voice(-17.0)
    )
    finding = Finding("noisy", noise, Translatable("Record 10 to 20 seconds."))
    report = make_report("usable", finding)
    scene.world.media.outcome = EnrolmentSample(make_clip(), report, make_picture())
    shown = await scene.ann.slash(scene.channel, "enroll", sample=FILE, name="Ann")
    assert shown.response is not None
    (embed,) = shown.response.embeds
    space = "\N{NO-BREAK SPACE}"
    assert embed.title == f"Nouvelle voix «{space}Ann{space}»"
    assert embed.description is not None
    assert embed.description.startswith(f"Utilisable{space}:")
    assert scene.world.media.languages == ["fr"]  # of the picture
    assert embed.fields[0].name == (
        "Il y a du bruit derrière la voix, à 14 % de son niveau (17 dB en dessous)."
    )
    assert embed.fields[0].value == "Enregistre 10 à 20 secondes."
    assert embed.fields[1].value is not None
    assert embed.fields[1].value.startswith("17,5 s sur 42,0 s")
    save, discard = shown.response.components[0]["components"]
    assert (save["label"], discard["label"]) == (
        f"Enregistrer{space}: c’est ma voix, ou j’ai l’accord de la personne",
        "Abandonner",
    )
    # Who presses is answered in their own language, the card stays in its member's.
    speaks(scene.ann, "de")
    discarded = await scene.ann.click(shown.response, label="Abandonner")
    assert discarded is not None
    (card,) = [m for m in [shown.response] if m is not None]
    assert card.content == "Abandonné. Rien n’a été enregistré."


async def test_what_was_searched_for_is_quoted_as_the_language_does(
    scene: Scene, speaks: Speaks
) -> None:
    speaks(scene.ann, "de")
    result = await scene.ann.slash(scene.channel, "dictionary list", search="gg")
    assert result.response is not None
    (card,) = result.response.embeds
    assert card.description == "Es gibt keinen Eintrag mit „gg“."


async def test_progress_is_told_in_the_askers_language_whoever_reports_it() -> None:
    interaction = Interaction()
    with in_locale("de"):
        line = ProgressLine(interaction)  # type: ignore[arg-type]
    line.open("Ann spricht.")
    error = Translatable("The voice was deleted, so this is not said.")
    failed = Progress(3, 1, started=True, end=UtteranceEnd.FAILED, error=error)
    with in_locale("fr"):  # as of the task that moved the queue on
        contextvars.copy_context().run(line.report, failed)
    await line.flush()
    assert interaction.edits == [
        "Ann spricht.\nDie Stimme wurde gelöscht, deshalb wird das nicht gesagt."
    ]


async def test_a_preview_is_spoken_in_the_language_of_the_voice(scene: Scene) -> None:
    await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id, language="de")
    await scene.ann.slash(scene.channel, "voice preview", voice="Ann")
    assert "So klinge ich." in " ".join(r.text for r in scene.world.engine.requests)
    scene.world.engine.model = "english"
    scene.world.engine.requests.clear()
    await scene.ann.slash(scene.channel, "voice preview", voice="Ann")
    assert "This is how I sound." in " ".join(r.text for r in scene.world.engine.requests)


def test_names_are_quoted_as_the_language_does() -> None:
    with in_locale("ja"):
        assert cards.quoted("Ann") == "「Ann」"


async def test_what_all_see_is_in_the_servers_language(scene: Scene, speaks: Speaks) -> None:
    speaks(scene.mo, "de")
    mods = scene.guild.create_text_channel("mods")
    for key, value in (("locale", "fr"), ("moderation_channel", mods.id)):
        await scene.world.settings.change_guild(scene.guild.id, key, value, changed_by=scene.mo.id)
    await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    asked = await scene.mo.slash(scene.channel, "voice delete", voice="Ann")
    assert content(asked) == "„Ann“ löschen? Auch ihre Aufnahme wird endgültig gelöscht."
    await scene.mo.click(asked.response, label="Endgültig löschen")
    await scene.env.settle()
    space = "\N{NO-BREAK SPACE}"
    assert mods.history()[-1].content.splitlines()[-1] == (
        f"🗑️ <@{scene.mo.id}> a supprimé la voix «{space}Ann{space}» de <@{scene.ann.id}>."
    )


async def test_what_a_dictionary_silences_is_told_in_german(scene: Scene, speaks: Speaks) -> None:
    speaks(scene.ann, "de")
    await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    heard = await scene.ann.slash(scene.channel, "dictionary hear", written="brb")
    assert heard.response is not None
    (field,) = heard.response.embeds[0].fields
    assert field.value is not None
    assert "→ *In diesem Text ist nichts zu sagen." in field.value
