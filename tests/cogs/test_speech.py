"""/say, /join, /leave, /skip, /stop and /queue. What is heard is tested on the wire."""

from __future__ import annotations

from typing import Any

import discord
import pytest
import simcord
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from bot.errors import EngineDeadError
from bot.speech.types import VoiceSettings
from bot.voice.link import JoinOutcome
from bot.voice.utterances import QueueEntry
from cogs.speech import MAX_TEXT
from cogs.speech_cards import join_text, queue_card
from tests.cogs.conftest import Scene, content


class SilentVoiceClient(discord.VoiceProtocol):
    """Joins as far as simcord goes. `audible` says whether packets can be sent."""

    env: simcord.Env
    audible = True
    over = False
    voice_privacy_code = "00010 00002 00003 00004 00005 00006"

    def __init__(self, client: discord.Client, channel: Any, **_: Any) -> None:
        super().__init__(client, channel)
        self.there = False

    async def connect(self, **_: Any) -> None:
        self.there = True
        self._tell_discord(self.channel.id)

    async def disconnect(self, *, force: bool = False) -> None:
        self._tell_discord(None)
        await self.abandon()

    async def abandon(self) -> None:
        self.there = False
        self.cleanup()

    def _tell_discord(self, channel_id: int | None) -> None:
        backend = self.env.backend  # simcord's gateway takes no voice states from bots
        backend.set_voice_state(self.channel.guild.id, backend.bot_user.id, channel_id)

    async def on_voice_state_update(self, data: Any) -> None: ...

    async def on_voice_server_update(self, data: Any) -> None: ...

    def is_connected(self) -> bool:
        return self.there

    def can_speak(self) -> bool:
        return self.there and type(self).audible

    def send_audio_packet(self, packet: bytes, *, encode: bool) -> None: ...

    def speaking(self, on: bool) -> None: ...


@pytest.fixture(autouse=True)
def voice_client(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> type[SilentVoiceClient]:
    class Client(SilentVoiceClient):
        env = scene.env

    monkeypatch.setattr("bot.voice.link.MynahVoiceClient", Client)
    return Client


@pytest.fixture
def lounge(scene: Scene) -> ChannelHandle:
    return scene.guild.create_voice_channel("Lounge")


async def say(scene: Scene, text: str = "Hello there.", **options: object) -> InteractionResult:
    return await scene.ann.slash(scene.channel, "say", text=text, **options)


async def ready(scene: Scene, lounge: ChannelHandle, *members: MemberActor) -> None:
    """Let members join, each with a voice of their own."""
    for member in members:
        await scene.world.add_voice(member.name.title(), scene.guild.id, member.id)
        await member.join_voice(lounge)


async def deny(scene: Scene, channel: ChannelHandle, **permissions: bool) -> None:
    """Take permissions from the bot in a channel."""
    real = scene.world.bot.get_channel(channel.id)
    assert isinstance(real, discord.VoiceChannel)
    await real.set_permissions(real.guild.me, overwrite=discord.PermissionOverwrite(**permissions))
    await scene.env.settle()


async def test_the_answer_names_speaker_voice_and_place(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    result = await say(scene)
    assert result.ephemeral
    assert content(result) == "**ann** speaks as “Ann”, right away."


async def test_it_speaks_in_the_members_channel(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    await say(scene)
    assert scene.guild.voice_states()[scene.env.backend.bot_user.id].channel_id == lounge.id
    (request,) = scene.world.engine.requests
    assert request.text == "Hello there."


async def test_it_speaks_as_the_voice_is_tuned(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    voice = await scene.world.store.find(scene.guild.id, "Ann")
    await scene.world.store.tune(voice.id, exaggeration=1.5, cfg_weight=None, temperature=None)
    await say(scene)
    (request,) = scene.world.engine.requests
    assert request.settings == VoiceSettings(exaggeration=1.5)


async def test_place_and_time_in_the_queue_are_told(
    scene: Scene, lounge: ChannelHandle, voice_client: type[SilentVoiceClient]
) -> None:
    voice_client.audible = False  # so that texts wait
    await ready(scene, lounge, scene.ann)
    await say(scene)
    assert "after one text, in about 1 s" in content(await say(scene))
    assert "after 2 texts" in content(await say(scene))


async def test_a_full_queue_is_a_clear_answer(
    scene: Scene, lounge: ChannelHandle, voice_client: type[SilentVoiceClient]
) -> None:
    voice_client.audible = False
    await ready(scene, lounge, scene.ann)
    answers = [content(await say(scene)) for _ in range(6)]
    assert "5 texts of yours are waiting" in answers[-1]


async def test_without_any_voice_it_hints_at_enroll(scene: Scene, lounge: ChannelHandle) -> None:
    await scene.ann.join_voice(lounge)
    assert "`/enroll`" in content(await say(scene))


async def test_the_named_voice_comes_before_ones_own(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    await scene.world.add_voice("Narrator", 0)
    assert "speaks as “Narrator”" in content(await say(scene, voice="narrator"))


async def test_a_voice_that_does_not_exist_suggests_one_that_is_close(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    assert "Did you mean “Ann”?" in content(await say(scene, voice="Anne"))


async def test_voices_of_the_guild_and_of_the_operator_are_offered(
    scene: Scene, lounge: ChannelHandle
) -> None:
    for name, guild_id in (("Ann", scene.guild.id), ("Anchor", 0), ("Anna", 999), ("Ben", 0)):
        await scene.world.add_voice(name, guild_id)
    offered = await scene.ann.autocomplete(scene.channel, "say", "voice", "an", text="Hi")
    assert offered == [
        {"name": "Ann", "value": "Ann"},
        {"name": "Anchor (shared)", "value": "Anchor"},
    ]


async def test_a_damaged_voice_cannot_speak(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    (voice,) = await scene.world.store.list_voices(scene.guild.id)
    scene.world.store.clip_path(voice).unlink()
    await scene.world.store.check()
    assert "is damaged" in content(await say(scene))


async def test_a_member_outside_voice_channels_is_asked_to_join_one(scene: Scene) -> None:
    await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    assert "Join a voice channel first" in content(await say(scene))


@pytest.mark.parametrize(
    ("denied", "answer"), [("connect", "may not join"), ("speak", "may not speak")]
)
async def test_a_missing_permission_is_named_before_connecting(
    scene: Scene, lounge: ChannelHandle, denied: str, answer: str
) -> None:
    await ready(scene, lounge, scene.ann)
    await deny(scene, lounge, **{denied: False})
    assert answer in content(await say(scene))


async def test_a_full_channel_is_named_before_connecting(scene: Scene) -> None:
    small = scene.guild.create_voice_channel("Small", user_limit=1)
    await ready(scene, small, scene.ann)
    await deny(scene, small, move_members=False)  # which would let it in all the same
    assert "is full" in content(await say(scene))


async def test_it_stays_with_those_it_is_speaking_to(
    scene: Scene, lounge: ChannelHandle, voice_client: type[SilentVoiceClient]
) -> None:
    voice_client.audible = False
    await ready(scene, lounge, scene.ann)
    await say(scene)
    elsewhere = scene.guild.create_voice_channel("Elsewhere")
    await scene.ben.join_voice(elsewhere)
    result = await scene.ben.slash(scene.channel, "say", text="Hi all", voice="Ann")
    assert f"I am speaking in <#{lounge.id}>" in content(result)


async def test_it_says_that_the_engine_is_still_loading(
    scene: Scene, lounge: ChannelHandle
) -> None:
    scene.world.engine.ready = False
    await ready(scene, lounge, scene.ann)
    assert "still loading" in content(await say(scene))


async def test_it_says_that_an_engine_does_not_clone(scene: Scene, lounge: ChannelHandle) -> None:
    scene.world.engine.clones = False
    await ready(scene, lounge, scene.ann)
    assert "A preview" in content(await say(scene))


async def test_an_engine_out_of_order_is_told_in_the_same_answer(
    scene: Scene, lounge: ChannelHandle, log_lines: list[Any]
) -> None:
    scene.world.engine.failure = EngineDeadError("CUDA error: device-side assert")
    await ready(scene, lounge, scene.ann)
    result = await say(scene)
    await scene.env.settle()
    assert "The voice engine is out of order" in content(result)
    assert "CUDA" not in content(result)
    (line,) = [line for line in log_lines if line["log_level"] == "error"]
    assert "CUDA" in line["error"]
    log_lines.remove(line)


async def test_text_without_a_letter_is_refused(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    assert "nothing to say" in content(await say(scene, "?!"))


async def test_600_characters_can_be_said(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    text = ("All sorts of words. " * 30)[:MAX_TEXT]
    assert len(text) == MAX_TEXT
    assert "right away" in content(await say(scene, text))


async def test_a_use_of_the_voice_is_counted(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    await say(scene)
    (voice,) = await scene.world.store.list_voices(scene.guild.id)
    assert voice.use_count == 1


# /join and /leave


async def test_join_without_a_channel_takes_the_members_own(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await scene.ann.join_voice(lounge)
    result = await scene.ann.slash(scene.channel, "join")
    assert content(result) == f"I am in <#{lounge.id}> now."
    again = await scene.ann.slash(scene.channel, "join", channel=lounge)
    assert content(again) == f"I am in <#{lounge.id}> already."


async def test_leave_forgets_what_waits(
    scene: Scene, lounge: ChannelHandle, voice_client: type[SilentVoiceClient]
) -> None:
    voice_client.audible = False
    await ready(scene, lounge, scene.ann)
    said = await say(scene)
    left = await scene.ann.slash(scene.channel, "leave")
    await scene.env.settle()
    assert content(left) == "I left the voice channel."
    assert "I left the voice channel." in content(said)
    assert scene.env.backend.bot_user.id not in scene.guild.voice_states()


async def test_who_is_elsewhere_cannot_send_it_out(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    await say(scene)
    assert "can send me out" in content(await scene.ben.slash(scene.channel, "leave"))


async def test_a_listener_cannot_send_it_out_while_a_text_of_another_is_waiting(
    scene: Scene, lounge: ChannelHandle, voice_client: type[SilentVoiceClient]
) -> None:
    voice_client.audible = False
    await ready(scene, lounge, scene.ann, scene.ben)
    await say(scene)
    assert "no text of others" in content(await scene.ben.slash(scene.channel, "leave"))


async def test_leave_without_a_channel_says_so(scene: Scene) -> None:
    assert "in no voice channel" in content(await scene.ann.slash(scene.channel, "leave"))


# /skip, /stop and /queue


async def test_the_speaker_can_skip_and_the_answer_tells(
    scene: Scene, lounge: ChannelHandle, voice_client: type[SilentVoiceClient]
) -> None:
    voice_client.audible = False
    await ready(scene, lounge, scene.ann)
    said = await say(scene)
    skipped = await scene.ann.slash(scene.channel, "skip")
    await scene.env.settle()
    assert content(skipped) == "Skipped."
    assert content(said).endswith("\nSkipped.")


async def test_another_member_cannot_skip_or_stop_but_a_moderator_can(
    scene: Scene, lounge: ChannelHandle, voice_client: type[SilentVoiceClient]
) -> None:
    voice_client.audible = False
    await ready(scene, lounge, scene.ann)
    permissions = discord.Permissions(move_members=True)
    role = scene.guild.create_role("Moderators", permissions=permissions)
    moderator = scene.guild.add_member(scene.env.create_user("mod"), roles=[role])
    await say(scene)
    await say(scene)
    assert "Only the member" in content(await scene.ben.slash(scene.channel, "skip"))
    assert "Texts of others" in content(await scene.ben.slash(scene.channel, "stop"))
    assert content(await moderator.slash(scene.channel, "skip")) == "Skipped."
    assert content(await moderator.slash(scene.channel, "stop")) == "Stopped; 1 text forgotten."


async def allow_all(
    scene: Scene, channel: ChannelHandle, permissions: discord.PermissionOverwrite
) -> None:
    """Give permissions to everybody in a channel."""
    real: Any = scene.world.bot.get_channel(channel.id)
    await real.set_permissions(real.guild.default_role, overwrite=permissions)
    await scene.env.settle()


async def test_a_permission_counts_in_the_voice_channel_not_where_the_command_is_typed(
    scene: Scene, lounge: ChannelHandle, voice_client: type[SilentVoiceClient]
) -> None:
    voice_client.audible = False
    await ready(scene, lounge, scene.ann)
    await say(scene)
    moderates = discord.PermissionOverwrite(manage_messages=True, move_members=True)
    await allow_all(scene, scene.channel, moderates)
    assert "Only the member" in content(await scene.ben.slash(scene.channel, "skip"))
    await allow_all(scene, lounge, moderates)
    assert content(await scene.ben.slash(scene.channel, "skip")) == "Skipped."


@pytest.mark.parametrize("command", ["skip", "stop"])
async def test_with_nothing_to_end_it_says_so(scene: Scene, command: str) -> None:
    assert content(await scene.ann.slash(scene.channel, command)) == "Nothing is being said."


async def test_the_queue_shows_who_which_voice_and_first_words(
    scene: Scene, lounge: ChannelHandle, voice_client: type[SilentVoiceClient]
) -> None:
    voice_client.audible = False
    await ready(scene, lounge, scene.ann, scene.ben)
    await say(scene, "First *words* first.")
    await scene.ben.slash(scene.channel, "say", text="Then mine.")
    result = await scene.mo.slash(scene.channel, "queue")
    assert result.response is not None
    first, second = (result.response.embeds[0].description or "").splitlines()
    assert first.startswith(f"▶ <@{scene.ann.id}> as “Ann”: First \\*words\\* first. (")
    assert second.startswith(f"2. <@{scene.ben.id}> as “Ben”: Then mine. (")


async def test_the_queue_shows_the_privacy_code_of_the_call(
    scene: Scene, lounge: ChannelHandle, voice_client: type[SilentVoiceClient]
) -> None:
    await ready(scene, lounge, scene.ann)
    await say(scene)
    result = await scene.mo.slash(scene.channel, "queue")
    assert result.response is not None
    [field] = result.response.embeds[0].fields
    assert voice_client.voice_privacy_code in (field.value or "")


async def test_an_empty_queue_says_so(scene: Scene) -> None:
    result = await scene.ann.slash(scene.channel, "queue")
    assert result.response is not None
    assert "Nothing is waiting" in (result.response.embeds[0].description or "")


def test_a_long_queue_is_cut_with_a_count_of_the_rest() -> None:
    entry = QueueEntry(2**63 - 1, "*" * 32, "_" * 60, 12.3, speaking=False)
    description = queue_card((entry,) * 200).description or ""
    assert len(description) <= 4096
    assert description.endswith("… and 190 more")


@pytest.mark.parametrize("outcome", list(JoinOutcome))
def test_every_outcome_of_joining_has_its_words(outcome: JoinOutcome, scene: Scene) -> None:
    lounge = scene.world.bot.get_channel(scene.guild.create_voice_channel("Lounge").id)
    assert isinstance(lounge, discord.VoiceChannel)
    assert join_text(outcome, lounge).endswith(".")
