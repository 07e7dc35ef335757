"""What is spoken is written into the audit trail, as it was sent."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import av
import pytest
from simcord.builders import ChannelHandle

from bot.voice.outlet import SILENCE
from storage.audit_reading import AuditFilter
from storage.audit_rows import AuditRow, packets_hash
from tests.cogs.calls import ready, say
from tests.cogs.conftest import Scene
from tests.cogs.silent_voice import SilentVoiceClient


class RecordingVoiceClient(SilentVoiceClient):
    """Keeps what it is given to send."""

    sent: list[bytes]

    def send_audio_packet(self, packet: bytes, *, encode: bool) -> None:
        if packet != SILENCE:
            self.sent.append(packet)


@pytest.fixture
def call(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> type[RecordingVoiceClient]:
    class Client(RecordingVoiceClient):
        env, sent = scene.env, []

    monkeypatch.setattr("bot.voice.link.MynahVoiceClient", Client)
    return Client


@pytest.fixture
def ended(scene: Scene) -> asyncio.Event:
    """Set when a text has ended of which anything was sent."""
    voice, event = scene.world.bot.services.voice, asyncio.Event()
    told = voice.on_spoken

    def on_spoken(*spoken: Any) -> None:
        told(*spoken)
        event.set()

    voice.on_spoken = on_spoken
    return event


async def rows(scene: Scene) -> list[AuditRow]:
    await scene.world.audit.flush()
    return await scene.world.audit.reader.page(scene.guild.id, AuditFilter(kind="spoken"), 9)


async def test_who_spoke_in_whose_voice_how_long_and_which_packets(
    scene: Scene, lounge: ChannelHandle, call: type[RecordingVoiceClient], ended: asyncio.Event
) -> None:
    await ready(scene, lounge, scene.ann, scene.ben)
    voice = await scene.world.store.find(scene.guild.id, "Ben")
    await say(scene, voice=voice.name)
    await ended.wait()
    [row] = await rows(scene)
    assert (row.actor, row.subject, row.voice_id) == (scene.ann.id, scene.ben.id, voice.id)
    assert row.packets_sha256 == packets_hash(call.sent)
    assert row.milliseconds == len(call.sent) * 20
    assert row.data == {"way": "say", "channel_id": lounge.id, "end": "played"}


async def test_of_what_is_skipped_only_what_was_sent_counts(
    scene: Scene, lounge: ChannelHandle, call: type[RecordingVoiceClient], ended: asyncio.Event
) -> None:
    scene.world.engine.seconds = 5
    await ready(scene, lounge, scene.ann)
    begun = asyncio.Event()
    scene.world.bot.services.voice.on_heard = lambda channel, request: begun.set()
    await say(scene)
    await begun.wait()
    await scene.ann.slash(scene.channel, "skip")
    await ended.wait()
    await scene.world.bot.services.voice.close()
    [row] = await rows(scene)
    assert 0 < len(call.sent) < 250
    assert row.packets_sha256 == packets_hash(call.sent)
    assert row.milliseconds == len(call.sent) * 20
    assert row.data["end"] == "skipped"


@pytest.mark.parametrize("wanted", [False, True])
async def test_the_text_is_kept_only_where_the_server_wants_it(
    scene: Scene,
    lounge: ChannelHandle,
    call: type[RecordingVoiceClient],
    ended: asyncio.Event,
    wanted: bool,
) -> None:
    await scene.world.settings.change_guild(
        scene.guild.id, "audit_texts", wanted, changed_by=scene.mo.id
    )
    await ready(scene, lounge, scene.ann)
    await say(scene, "Good morning.")
    await ended.wait()
    [row] = await rows(scene)
    assert row.texts == ({"text": "Good morning."} if wanted else {})


async def test_of_a_text_that_was_never_heard_there_is_no_row(
    scene: Scene, lounge: ChannelHandle, call: type[RecordingVoiceClient]
) -> None:
    call.audible = False
    await ready(scene, lounge, scene.ann)
    await say(scene)
    await scene.ann.slash(scene.channel, "skip")
    assert await rows(scene) == []


def packets_of(ogg: bytes) -> list[bytes]:
    with av.open(io.BytesIO(ogg)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


@pytest.mark.usefixtures("voice_client")
@pytest.mark.parametrize("command", ["say", "voice preview", "dictionary hear"])
async def test_the_packets_of_a_file_tell_who_made_it(scene: Scene, command: str) -> None:
    voice = await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    options = {
        "say": {"text": "Hello there.", "file": True},
        "voice preview": {"voice": voice.name},
        "dictionary hear": {"written": "brb", "spoken": "be right back"},
    }
    result = await scene.ann.slash(scene.channel, command, **options[command])
    assert result.response is not None
    packets = packets_of(await result.response.attachments[0].read())
    [row] = await scene.world.audit.find(packets_hash(packets))
    assert (row.actor, row.voice_id, row.data["way"]) == (scene.ann.id, voice.id, "file")
    assert row.milliseconds == len(packets) * 20
    assert await scene.world.audit.find(packets_hash(packets[1:])) == []
