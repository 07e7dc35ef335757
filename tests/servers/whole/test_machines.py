"""The whole bot on two machines, with rows in PostgreSQL and recordings in S3."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from loopback import Person, Upload, wait_until
from storage.clip_files import clip_name
from storage.errors import VoiceNotFoundError
from tests.e2e.live import Call, content
from tests.servers.whole.machines import Machines
from tests.servers.whole.steps import (
    TEXT,
    WAIT_SECONDS,
    delete,
    enrol,
    say,
    speaking,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]

DELETED = "The voice was deleted, so nothing more is said in it."
STALE_SECONDS = 1.0


def silent_from(call: Call, then_ns: int) -> None:
    """See that no sound came later than a second after then."""
    last = call.listener.audible[-1].arrival_ns
    assert (last - then_ns) / 1e9 < STALE_SECONDS


async def test_what_a_member_enrols_is_heard_and_listed_and_an_admin_deletes_it_without_a_trace(
    machines: Machines, recording: Upload
) -> None:
    call = machines.first.call
    before = machines.objects()
    voice = await enrol(machines, call, recording, "Ada")
    assert machines.objects() - before == {clip_name(voice.clip_sha256)}
    assert not list((machines.first.storage.directory).glob("clips/*"))
    assert not (machines.first.storage.directory / "mynah.db").exists()
    heard = len(call.listener.audible)
    await say(call, "Ada")
    assert len(call.listener.audible) > heard + 50
    listed = await call.ada.slash("voice list").answered(WAIT_SECONDS)
    assert "Ada" in str(listed.embeds)
    await delete(machines.discord.owner(call.guild), "Ada")
    with pytest.raises(VoiceNotFoundError):
        await machines.store.get(voice.id)
    assert machines.objects() == before
    await wait_until(lambda: not machines.first.fetched(), WAIT_SECONDS, "no fetched recording")
    refused = await call.say(TEXT, "Ada").answered(WAIT_SECONDS)
    assert "There is no voice named “Ada”" in refused.content
    kinds = await machines.trail(call.guild.id)
    assert kinds == ["enrolled", "consent", "spoken", "deleted"]


async def test_what_one_machine_enrols_another_speaks_until_the_first_deletes_it(
    machines: Machines, recording: Upload, tmp_path: Path
) -> None:
    first, call = machines.first, machines.second.call
    file = tmp_path / "olga.m4a"
    file.write_bytes(recording.content)
    await first.mynah("enroll", str(file), "--name", "Olga")
    answer = await speaking(call, "Olga")
    assert len(machines.second.fetched()) == 1
    await first.mynah("voices", "delete", "Olga", "--yes")
    deleted = time.time_ns()
    await content(answer, DELETED, WAIT_SECONDS)
    silent_from(call, deleted)
    assert machines.objects() == set()
    await wait_until(lambda: not machines.second.fetched(), WAIT_SECONDS, "no fetched recording")
    refused = await call.say(TEXT, "Olga").answered(WAIT_SECONDS)
    assert "There is no voice named “Olga”" in refused.content


async def test_what_a_member_has_deleted_on_one_machine_another_speaks_no_more(
    machines: Machines, recording: Upload
) -> None:
    here, there = machines.first.call, machines.second.call
    await enrol(machines, there, recording, "Ada")
    answer = await speaking(there, "Ada")
    member = machines.discord.world.add_member(here.guild, there.ada.user)
    same = Person(machines.discord, here.guild, member)  # the same account in another server
    question = await same.slash("privacy delete").answered(WAIT_SECONDS)
    await same.press(question, label="Delete everything for good").acknowledged(WAIT_SECONDS)
    await content(question, "deleted", WAIT_SECONDS)
    deleted = time.time_ns()
    await content(answer, DELETED, WAIT_SECONDS)
    silent_from(there, deleted)
    assert machines.objects() == set()
    assert await machines.store.count(there.guild.id) == 0
    for call in (here, there):
        await machines.trail(call.guild.id)
