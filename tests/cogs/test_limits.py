"""Limits of members and of the server, by every way in; each refusal says when there is room."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from bot.config_sections import LimitSettings
from bot.operations import allowances, limit_words
from bot.operations.limits import CEILINGS, OPERATORS_ALONE, ceilings
from bot.settings.catalogue import definitions
from bot.settings.definition import Page
from bot.settings.guild import GuildSettings
from storage.voices import VoiceStore
from tests.cogs.calls import ready, say
from tests.cogs.conftest import Scene, content
from tests.cogs.ear import Ear
from tests.cogs.live import enrol_live
from tests.cogs.test_enrolment import FILE, SAVE, enrol, stored
from tests.cogs.test_own_message import named
from tests.cogs.world import World

pytestmark = pytest.mark.usefixtures("voice_client")


@pytest.fixture
def most() -> dict[str, int]:
    """What the operator allows, where it is not the default."""
    return {}


@pytest.fixture
async def world(tmp_path: Path, most: dict[str, int]) -> AsyncIterator[World]:
    async with VoiceStore.open(tmp_path) as store:
        world = World(store, most=most)
        yield world
        await world.bot.services.voice.close()


async def allow(scene: Scene, **settings: int) -> None:
    for key, value in settings.items():
        await scene.world.settings.change_guild(scene.guild.id, key, value, changed_by=None)


async def by_file(scene: Scene) -> InteractionResult:
    return await enrol(scene, "Other")


async def by_message(scene: Scene) -> InteractionResult:
    return await named(scene, "Other")


async def live(scene: Scene) -> InteractionResult:
    lounge = scene.guild.create_voice_channel("Lounge")
    await scene.ann.join_voice(lounge)
    return await scene.ann.slash(scene.channel, "enroll", name="Other")


async def by_replacing(scene: Scene) -> InteractionResult:
    return await scene.ann.slash(scene.channel, "voice replace", voice="Ann", sample=FILE)


Way = Callable[[Scene], Awaitable[InteractionResult]]
NEW = [by_file, by_message, live]


@pytest.mark.parametrize("way", NEW)
async def test_a_member_makes_no_more_voices_than_they_may(scene: Scene, way: Way) -> None:
    await allow(scene, voices_per_member=1)
    await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    refused = content(await way(scene))
    assert refused == (
        "You have 1 of the 1 voice that a member may have here. Delete one that is no longer used."
    )
    assert scene.world.media.uploads == []


@pytest.mark.parametrize("way", [*NEW, by_replacing])
async def test_a_day_has_so_many_enrolments(scene: Scene, way: Way) -> None:
    await allow(scene, enrolments_per_day=1)
    await scene.ann.click((await enrol(scene)).response, label=SAVE)
    assert await stored(scene) == ["Ann"]
    refused = content(await way(scene))
    assert refused.startswith(
        "You have used 1 of the 1 enrolment or replacement that a member has here in a day. "
        "There is room again <t:"
    )
    assert len(scene.world.media.uploads) == 1


async def test_deleting_a_voice_gives_no_enrolment_back(scene: Scene) -> None:
    await allow(scene, enrolments_per_day=1)
    await scene.ann.click((await enrol(scene)).response, label=SAVE)
    voice = await scene.world.store.find(scene.guild.id, "Ann")
    await scene.world.store.delete(voice.id, by=scene.ann.id)
    assert "1 of the 1 enrolment" in content(await enrol(scene))


async def test_a_card_that_was_open_saves_no_voice_too_many_and_stays(scene: Scene) -> None:
    await allow(scene, voices_per_member=1)
    card = await enrol(scene, "One")
    first = await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    pressed = await scene.ann.click(card.response, label=SAVE)
    assert "You have 1 of the 1 voice" in content(pressed)
    await scene.world.store.delete(first.id, by=scene.ann.id)
    await scene.ann.click(card.response, label=SAVE)
    assert await stored(scene) == ["One"]


async def test_limits_hold_for_admins_who_can_set_them_higher(scene: Scene) -> None:
    await allow(scene, voices_per_member=1)
    await scene.world.add_voice("Mo", scene.guild.id, scene.mo.id)
    refused = await scene.mo.slash(scene.channel, "enroll", sample=FILE, name="Other")
    assert "You have 1 of the 1 voice" in content(refused)


@pytest.mark.parametrize("most", [{"recordings_per_day_per_member": 1}])
async def test_a_day_has_so_many_recordings_whatever_becomes_of_them(
    scene: Scene, most: dict[str, int]
) -> None:
    await enrol(scene)
    refused = content(await enrol(scene, "Other"))
    assert "You have sent 1 of the 1 recording that a member may send me here in a day." in refused
    assert len(scene.world.media.uploads) == 1


@pytest.mark.parametrize("most", [{"recordings_per_day_per_member": 1}])
async def test_a_live_recording_is_one(
    scene: Scene, most: dict[str, int], lounge: ChannelHandle, ear: Ear
) -> None:
    await enrol(scene)
    card = await enrol_live(scene, lounge)
    pressed = await scene.ann.click(card.response, label="Start recording")
    assert "sent 1 of the 1 recording" in content(pressed)


async def spoke(scene: Scene, minutes: int) -> None:
    """Have the trail say that Ann spoke for so long just now."""
    from bot.audit.events import Spoken

    event = Spoken(
        by=scene.ann.id, voice_id=1, milliseconds=minutes * 60_000, packets_sha256="0" * 64,
        way="read",
    )  # fmt: skip
    await scene.world.audit.store.append(scene.guild.id, [event.row()])


TEXTS = {
    "say": {"text": "Hello."},
    "say file": {"text": "Hello.", "file": True},
    "voice preview": {"voice": "Ann"},
    "dictionary hear": {"written": "gg", "spoken": "good game"},
}


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("of_server", [False, True], ids=["member", "server"])
@pytest.mark.parametrize("most", [{"speech_minutes_per_day_per_guild": 300}])
async def test_a_day_has_so_much_speech(
    scene: Scene, lounge: ChannelHandle, text: str, of_server: bool, most: dict[str, int]
) -> None:
    await ready(scene, lounge, scene.ann)
    await spoke(scene, 301 if of_server else 241)
    await allow(scene, speech_minutes_per_day=1000 if of_server else 240)
    refused = await scene.ann.slash(scene.channel, text.removesuffix(" file"), **TEXTS[text])
    whose = "This server has used 301 of its 300" if of_server else "You have used 241 of the 240"
    assert f"{whose} minutes of speech of a day" in content(refused)
    assert "There is room again <t:" in content(refused)
    assert scene.world.engine.requests == []


@pytest.mark.parametrize("most", [{"texts_per_minute_per_guild": 1}])
async def test_a_server_has_so_many_texts_a_minute(
    scene: Scene, lounge: ChannelHandle, most: dict[str, int]
) -> None:
    await ready(scene, lounge, scene.ann, scene.ben)
    await say(scene)
    refused = await scene.ben.slash(scene.channel, "say", text="Hello.")
    assert "On this server 1 text may be spoken in a minute. Try again in" in content(refused)


@pytest.mark.parametrize("most", [{"exports_per_day_per_member": 1}])
async def test_a_day_has_so_many_exports(scene: Scene, most: dict[str, int]) -> None:
    await scene.ann.slash(scene.channel, "privacy export")
    refused = content(await scene.ann.slash(scene.channel, "privacy export"))
    assert "You have used 1 of the 1 export of a day. There is room again <t:" in refused


@pytest.mark.parametrize("most", [{"voices_per_member": 3}])
async def test_a_server_sets_no_more_than_the_operator_allows(
    scene: Scene, most: dict[str, int]
) -> None:
    from bot.errors import UserError

    settings = scene.world.settings
    assert (await settings.guild(scene.guild.id)).voices_per_member == 3
    with pytest.raises(UserError, match="a whole number from 1 to 3"):
        await allow(scene, voices_per_member=4)
    await allow(scene, voices_per_member=2)
    assert (await settings.guild(scene.guild.id)).voices_per_member == 2


async def sent(scene: Scene, number: int) -> str:
    return content(await enrol(scene, f"Voice {number}"))


async def enrolled(scene: Scene, number: int) -> str:
    refused = await enrol(scene, f"Voice {number}")
    if refused.response is None or not refused.response.embeds:
        return content(refused)
    return content(await scene.ann.click(refused.response, label=SAVE))


async def noted(scene: Scene, number: int) -> str:
    words = {"written": f"w{number}", "spoken": "word"}
    return content(await scene.ann.slash(scene.channel, "dictionary add", **words))


async def noted_for_all(scene: Scene, number: int) -> str:
    words = {"written": f"w{number}", "spoken": "word", "server": True}
    return content(await scene.mo.slash(scene.channel, "dictionary add", **words))


async def said(scene: Scene, number: int) -> str:
    if not number:
        await ready(scene, scene.guild.create_voice_channel("Lounge"), scene.ann)
    return content(await say(scene))


LOWERED: dict[str, tuple[Callable[[Scene, int], Awaitable[str]], str]] = {
    "recordings_per_day": (sent, "You have sent 1 of the 1 recording"),
    "server_recordings_per_day": (sent, "This server has sent me 1 of its 1 recording"),
    "upload_mb_per_day": (sent, "of the 1 MB of recordings that a member may send me"),
    "server_upload_mb_per_day": (sent, "of its 1 MB of recordings of a day"),
    "stored_mb_per_member": (enrolled, "MB that a member has, and this one takes"),
    "server_stored_mb": (enrolled, "MB that it has, and this one takes"),
    "server_voices": (enrolled, "This server has 1 voice, which is its limit."),
    "server_enrolments_per_day": (enrolled, "This server has used 1 of its 1 enrolment"),
    "dictionary_entries_per_member": (noted, "The dictionary is full: it has 1"),
    "server_dictionary_entries": (noted_for_all, "The dictionary is full: it has 1"),
    "server_texts_per_minute": (said, "On this server 1 text may be spoken in a minute."),
    "queue_per_member": (said, "1 text of yours is waiting already."),
    "server_queue": (said, "1 text is waiting already."),
}
"""What a server's admins set to 1, what is done twice or three times, and how it is refused."""


@pytest.mark.usefixtures("texts_wait")
@pytest.mark.parametrize("key", LOWERED)
async def test_a_server_lowers_each_limit(
    scene: Scene, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "mb" in key:  # the recordings of the tests are small
        monkeypatch.setattr(allowances, "MEGABYTE", 5000 if "stored" in key else 1)
        monkeypatch.setattr(limit_words, "_UNITS", {})
    await allow(scene, **{key: 1})
    do, refusal = LOWERED[key]
    answers = [await do(scene, number) for number in range(2)]
    assert refusal in answers[-1], answers


def test_what_the_operator_limits_a_server_can_limit_further() -> None:
    settable = set(CEILINGS.values())
    assert settable | OPERATORS_ALONE == set(LimitSettings.model_fields)
    assert not settable & OPERATORS_ALONE
    assert set(CEILINGS) == {each.key for each in definitions(GuildSettings, Page.LIMITS)}


def test_unless_it_is_set_a_limit_is_what_the_operator_allows_at_most() -> None:
    allowed = GuildSettings().model_dump()
    for key, most in ceilings(LimitSettings()).items():
        field = LimitSettings.model_fields[CEILINGS[key]]
        largest = next(each.le for each in field.metadata if hasattr(each, "le"))
        assert allowed[key] <= most or allowed[key] >= largest, key
