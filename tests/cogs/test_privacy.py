"""`/privacy`: a member's data, handed out and deleted."""

from __future__ import annotations

import io
import json
import wave
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from bot.audit.events import Blocked
from bot.i18n import in_locale
from bot.privacy.export import readme
from loopback import wait_until
from storage.departures import THE_BOT, Departures
from storage.dictionary import DictionaryStore, Entry, Owner
from storage.erasure import Eraser
from storage.types import NewConsent
from storage.voices import VoiceStore
from tests.cogs.calls import ready, say
from tests.cogs.conftest import Scene, as_read, content
from tests.cogs.world import make_clip
from tests.privacy.reachable import found
from tests.storage.test_erasure import NOW, found_in, spellings

OTHER_GUILD = 4711_000_000_000_000_000


async def live(scene: Scene) -> list[str]:
    """Have Ann leave traces; return the hashes of her clips."""
    world, ann = scene.world, scene.ann.id
    voice = await world.add_voice("Ann", scene.guild.id, ann, consented_by=ann, consented_at=NOW)
    consent = NewConsent(ann, NOW, {"statement": "I am Ann."}, make_clip(77))
    await world.store.replace(
        voice.id, make_clip(5), pitch_hz=None, quality=None, consented_by=ann, consented_at=NOW,
        level="spoken", consent=consent,
    )  # fmt: skip
    elsewhere = await world.add_voice("Ann elsewhere", OTHER_GUILD, ann)
    await world.settings.change_member(scene.guild.id, ann, "greeting", "Hi")
    await world.dictionary.add(Owner(scene.guild.id, ann), Entry("brb", "be right back"), ann)
    await world.dictionary.add(Owner(scene.guild.id), Entry("gg", "good game"), ann)
    await world.settings.change_guild(scene.guild.id, "max_characters", 100, changed_by=ann)
    hashes = (voice.clip_sha256, elsewhere.clip_sha256)
    return [*hashes, make_clip(5).sha256, make_clip(77).sha256]


async def archives(result: InteractionResult) -> list[zipfile.ZipFile]:
    messages = [each for each in (result.response, *result.followups) if each is not None]
    files = [attachment for message in messages for attachment in message.attachments]
    return [zipfile.ZipFile(io.BytesIO(await each.read())) for each in files]


async def ask(scene: Scene, member: MemberActor | None = None) -> InteractionResult:
    return await (member or scene.ann).slash(scene.channel, "privacy delete")


async def test_deleting_asks_first_and_says_what_will_go(scene: Scene) -> None:
    await live(scene)
    asked = await ask(scene)
    assert asked.response is not None
    assert asked.response.ephemeral
    text = as_read(content(asked))
    for line in ("- 2 voices", "- 3 recordings", "- evidence of 1 consent", "- 1 setting of yours",
                 "- 1 entry of your dictionaries"):  # fmt: skip
        assert line in text, text
    assert "/privacy export gives you a copy first" in text
    assert await scene.world.store.count(scene.guild.id) == 1


async def test_keeping_deletes_nothing(scene: Scene) -> None:
    await live(scene)
    asked = await ask(scene)
    await scene.ann.click(asked.response, label="Keep")
    assert content(asked) == "Nothing was deleted."
    assert await scene.world.store.count(scene.guild.id) == 1


async def test_deleting_deletes_it_on_every_server_and_down_to_the_bytes(
    scene: Scene, tmp_path: Path
) -> None:
    hashes = await live(scene)
    asked = await ask(scene)
    await scene.ann.click(asked.response, label="Delete everything for good")
    assert content(asked).startswith("All of it is deleted:\n- 2 voices")
    assert found_in(tmp_path, spellings(scene.ann.id, hashes)) == []
    assert set(scene.world.forgotten_clips) == set(hashes)


async def test_of_whom_nothing_is_stored_is_not_asked(scene: Scene) -> None:
    asked = await ask(scene, scene.ben)
    assert content(asked) == "Nothing is stored about you, on any server."


async def test_a_card_with_a_sample_is_closed(scene: Scene) -> None:
    await live(scene)
    card = await scene.ann.slash(scene.channel, "enroll", sample=("me.m4a", b"x"), name="New")
    asked = await ask(scene)
    await scene.ann.click(asked.response, label="Delete everything for good")
    assert (
        content(card)
        == "Your data was deleted, so this sample is forgotten, too. Nothing was stored."
    )
    assert card.response is not None
    assert not card.response.components


async def test_what_waits_to_be_said_ends(
    scene: Scene, lounge: ChannelHandle, texts_wait: None
) -> None:
    await ready(scene, lounge, scene.ann, scene.ben)
    await scene.ben.slash(scene.channel, "say", text="Mine stays.")
    await say(scene)
    asked = await ask(scene)
    await scene.ann.click(asked.response, label="Delete everything for good")
    await scene.env.settle()
    player = scene.world.bot.services.voice.player(scene.guild.id)
    assert [entry.member_id for entry in player.snapshot()] == [scene.ben.id]


async def test_what_is_remembered_is_forgotten(scene: Scene) -> None:
    await live(scene)
    services, guild_id, ann = scene.world.bot.services, scene.guild.id, scene.ann.id
    services.allowances.says.take(guild_id, ann, 5)
    await services.dictionary.of(guild_id, ann)
    await services.settings.member(guild_id, ann)
    asked = await ask(scene)
    await scene.ann.click(asked.response, label="Delete everything for good")
    assert len(services.allowances.says) == 0
    assert await services.dictionary.entries(Owner(guild_id, ann)) == []
    assert (await services.settings.member(guild_id, ann)).greeting is None


async def test_nothing_of_a_member_is_in_memory(
    scene: Scene, lounge: ChannelHandle, voice_client: object
) -> None:
    hashes = await live(scene)
    world, guild_id, ann = scene.world, scene.guild.id, scene.ann.id
    services = world.bot.services
    await scene.ann.join_voice(lounge)
    await scene.ann.slash(scene.channel, "enroll", sample=("me.m4a", b"x"), name="New")
    said = await say(scene, text="Good morning.")
    await scene.env.settle()
    assert "speaks as “Ann”" in content(said)
    await scene.ann.slash(scene.channel, "read start")
    await scene.ann.slash(scene.channel, "voice preview", voice="Ann")
    await services.dictionary.of(guild_id, ann)
    await services.settings.member(guild_id, ann)
    world.engine.requests.clear()  # the test's own notes
    roots = [services, *world.bot.cogs.values()]
    assert found(roots, ann, hashes)
    asked = await ask(scene)
    await scene.ann.click(asked.response, label="Delete everything for good")
    await scene.env.settle()
    left = [(type(each), each) for each in found(roots, ann, hashes)]
    assert left == []


async def test_what_another_process_erases_is_forgotten(scene: Scene, tmp_path: Path) -> None:
    world = scene.world
    await live(scene)
    card = await scene.ann.slash(scene.channel, "enroll", sample=("me.m4a", b"x"), name="New")
    world.bot.services.allowances.says.take(scene.guild.id, scene.ann.id, 5)
    await world.privacy.take_in()
    async with world.commits.running(), VoiceStore.open(tmp_path) as beside:
        await Eraser.beside(beside).erase_member(scene.ann.id)
        await wait_until(lambda: "was deleted" in content(card), 10, "the end of the card")
    assert len(world.bot.services.allowances.says) == 0


async def test_an_entry_made_after_a_deletion_is_not_taken_for_one_from_before(
    scene: Scene,
) -> None:
    """Though another process deleted, and the number of changes begins anew."""
    dictionary, owner = scene.world.dictionary, Owner(scene.guild.id, scene.ann.id)
    await dictionary.add(owner, Entry("brb", "be right back"), scene.ann.id)
    assert await dictionary.of(owner.guild_id, owner.user_id) is not None
    await Eraser.beside(scene.world.store).erase_member(scene.ann.id)
    await DictionaryStore(scene.world.store.database).put(owner, [Entry("x", "ex")], scene.ann.id)
    matcher = await dictionary.of(owner.guild_id, owner.user_id)
    assert matcher is not None
    assert [table.size for table in matcher.tables] == [1]
    assert await dictionary.entries(owner) == [Entry("x", "ex")]


async def test_a_failure_says_that_not_all_is_gone(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, log_lines: list[Any]
) -> None:
    await live(scene)
    asked = await ask(scene)

    async def fails(*_: object) -> None:
        raise ValueError("engine")

    monkeypatch.setattr(scene.world.privacy, "_forget_clip", fails)
    pressed = await scene.ann.click(asked.response, label="Delete everything for good")
    assert content(asked) == "Not everything was deleted. Use the command once more."
    assert "Something went wrong" in content(pressed)
    log_lines[:] = [line for line in log_lines if line["event"] != "command failed"]


async def test_an_export_has_everything_and_only_the_member_gets_it(scene: Scene) -> None:
    await live(scene)
    result = await scene.ann.slash(scene.channel, "privacy export")
    assert result.ephemeral
    assert "on every server, in 1 file" in content(result)
    [archive] = await archives(result)
    names = archive.namelist()
    assert names[0] == "README.txt"
    guild, voice = scene.guild.id, await scene.world.store.find(scene.guild.id, "Ann")
    recordings = [each for each in names if each.startswith("recordings/")]
    assert recordings == [
        f"recordings/{guild} {voice.id} Ann.wav",
        f"recordings/{guild} {voice.id} Ann consent.wav",
        f"recordings/{guild} {voice.id} Ann former.wav",
        f"recordings/{OTHER_GUILD} {voice.id + 1} Ann elsewhere.wav",
    ]
    with wave.open(io.BytesIO(archive.read(recordings[0]))) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getnframes()) == (1, 24_000, 2400)
    assert {each["name"] for each in json.loads(archive.read("voices.json"))} == {
        "Ann", "Ann elsewhere",
    }  # fmt: skip
    [evidence] = json.loads(archive.read("evidence.json"))
    assert evidence["record"] == {"statement": "I am Ann."}
    assert json.loads(archive.read("settings.json"))[0]["key"] == "greeting"


async def test_a_large_export_is_split(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    await live(scene)
    limited = property(lambda self: 64 * 1024 + 25_000, lambda self, value: None)
    monkeypatch.setattr(discord.Interaction, "filesize_limit", limited)
    result = await scene.ann.slash(scene.channel, "privacy export")
    parts = await archives(result)
    assert f"in {len(parts)} files" in content(result)
    assert parts[0].namelist()[0] == "README.txt"
    names = [name for part in parts for name in part.namelist() if name.startswith("recordings/")]
    assert len(parts) > 1
    assert len(names) == 4
    assert all(followup.ephemeral for followup in result.followups)


async def test_the_readme_is_in_the_language_of_the_member(
    scene: Scene, speaks: Callable[[MemberActor, str], None]
) -> None:
    speaks(scene.ann, "de")
    [archive] = await archives(await scene.ann.slash(scene.channel, "privacy export"))
    with in_locale("de"):
        assert archive.read("README.txt").decode() == readme()


async def test_what_others_keep_about_a_member_is_not_exported(scene: Scene) -> None:
    guild_id = scene.guild.id

    async def block(execute: Any) -> None:
        await execute(
            "INSERT INTO voice_blocks VALUES (?, ?, ?)", (guild_id, scene.ben.id, scene.ann.id)
        )

    await scene.world.store.database.write(block)
    blocked = Blocked(by=scene.ben.id, member_id=scene.ann.id)
    await scene.world.audit.record(guild_id, blocked)
    [archive] = await archives(await scene.ann.slash(scene.channel, "privacy export"))
    told = b"".join(archive.read(name) for name in archive.namelist())
    assert str(scene.ben.id).encode() not in told
    assert json.loads(archive.read("blocks.json")) == []
    assert json.loads(archive.read("audit.json")) == []


async def test_one_export_at_a_time(scene: Scene) -> None:
    with scene.world.bot.services.exporter.admit(scene.ann.id):
        refused = await scene.ann.slash(scene.channel, "privacy export")
        assert "put together already" in content(refused)
        assert await archives(await scene.ben.slash(scene.channel, "privacy export"))
    assert await archives(await scene.ann.slash(scene.channel, "privacy export"))


async def test_the_departure_of_the_bot_is_noted_and_taken_back(scene: Scene) -> None:
    await live(scene)
    departures = Departures(scene.world.store.database)
    leaving: Any = scene.world.bot.get_cog("Leaving")
    guild = scene.world.bot.get_guild(scene.guild.id)
    assert guild is not None
    await leaving.on_guild_remove(guild)
    assert await departures.is_noted(guild.id, THE_BOT)
    await leaving.on_guild_join(guild)
    assert not await departures.is_noted(guild.id, THE_BOT)


async def test_a_member_is_looked_up_at_discord(scene: Scene) -> None:
    leaving: Any = scene.world.bot.get_cog("Leaving")
    assert await leaving.is_here(scene.guild.id, scene.ann.id) is True
    assert await leaving.is_here(scene.guild.id, 9_999_999_999_999) is False
    assert await leaving.is_here(OTHER_GUILD, scene.ann.id) is None
    assert await leaving.is_here(scene.guild.id, THE_BOT) is True
    assert await leaving.is_here(OTHER_GUILD, THE_BOT) is False
