"""One bot, two servers, and every kind of member that a voice can be asked for by."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import discord
import numpy as np
import pytest
import simcord
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle, RoleHandle
from simcord.results import InteractionResult, ResponseMessage

from bot.audit.events import Spoken
from bot.speech.audio_file import audio_bytes
from bot.speech.opus import encode_opus
from cogs.speakers.recent import Speaking
from cogs.speakers.report_button import buttons_for
from storage.audit_rows import packets_hash
from storage.errors import VoiceNotFoundError
from storage.setting_values import DEFAULT_VOICE
from storage.types import VoiceProfile
from storage.voices import VoiceStore
from tests.cogs.conftest import as_read
from tests.cogs.silent_voice import SilentVoiceClient
from tests.cogs.world import World

KINDS = (
    "owner",
    "named member",
    "by role",
    "stranger",
    "blocked by owner",
    "blocked by server",
    "admin",
    "other server",
)


@dataclass(frozen=True)
class Place:
    """A server with a text channel and a voice channel."""

    guild: GuildHandle
    text: ChannelHandle
    voice: ChannelHandle


@dataclass
class People:
    """Members by kind; all but the last are in `home`, the last is in `away`."""

    env: simcord.Env
    world: World
    home: Place
    away: Place
    friends: RoleHandle
    members: dict[str, MemberActor]
    neighbour: MemberActor  # on the other server, too
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def place_of(self, kind: str) -> Place:
        return self.away if kind == "other server" else self.home

    async def voice(self) -> VoiceProfile:
        """Make a voice of the owner's, shared with one member and one role."""
        owner = self.members["owner"]
        name = f"Ben {next(self._numbers)}"
        voice = await self.world.add_voice(name, self.home.guild.id, owner.id, reach="named")
        await self.share(voice)
        return voice

    async def forget(self, voice: VoiceProfile) -> None:
        """Delete a voice, unless the use has: a server has room for so many."""
        with contextlib.suppress(VoiceNotFoundError):
            await self.world.store.delete(voice.id)

    async def tidy(self, kind: str) -> None:
        """Take back what a use chose, and have the bot be in both calls."""
        place = self.place_of(kind)
        settings = self.world.settings
        await settings.change_guild(place.guild.id, DEFAULT_VOICE, None, changed_by=None)
        await settings.change_member(place.guild.id, self.members[kind].id, DEFAULT_VOICE, None)
        player = self.world.bot.services.voice.player(place.guild.id)
        channel: Any = self.world.bot.get_channel(place.voice.id)
        if player.channel != channel:
            await player.join(channel)

    async def spoken_file(self, voice: VoiceProfile) -> bytes:
        """Return a file that the owner had spoken in the voice."""
        noise = np.random.default_rng(voice.id).normal(0, 0.1, 4_800)
        packets = encode_opus(noise.astype(np.float32))
        event = Spoken(
            by=voice.owner_id,
            voice_id=voice.id,
            owner_id=voice.owner_id,
            milliseconds=60,
            packets_sha256=packets_hash(packets),
            way="file",
        )
        await self.world.audit.record(self.home.guild.id, event)
        return audio_bytes(packets, "ogg")

    async def press_under_line(
        self, member: MemberActor, place: Place, speaking: Speaking
    ) -> InteractionResult:
        """Press the button under a line of the home server, wherever it stands."""
        channel: Any = self.world.bot.get_channel(place.voice.id)
        buttons = buttons_for(self.home.guild.id, [speaking])
        line = await channel.send("A line", view=buttons)
        return await member.click(line, label="Report")

    async def share(self, voice: VoiceProfile) -> None:
        rows = (
            ("voice_members", self.members["named member"].id),
            ("voice_members", self.members["blocked by server"].id),
            ("voice_members", self.members["blocked by owner"].id),
            ("voice_roles", self.friends.id),
        )

        async def work(execute: Any) -> None:
            for table, identifier in rows:
                await execute(f"INSERT INTO {table} VALUES (?, ?)", (voice.id, identifier))

        await self.world.store.database.write(work)


@asynccontextmanager
async def people(directory: Path) -> AsyncIterator[People]:
    """Start the bot and let everybody join a call."""
    async with VoiceStore.open(directory) as store:
        world = World(store)
        env = simcord.Env(world.bot, check_errors=False)
        await env.start()

        class Client(SilentVoiceClient):
            pass

        Client.env = env
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("bot.voice.link.MynahVoiceClient", Client)
            try:
                yield await _gathered(env, world)
            finally:
                await world.bot.services.voice.close()
                await env.shutdown()


async def _gathered(env: simcord.Env, world: World) -> People:
    home, away = _place(env, "Home"), _place(env, "Away")
    friends = home.guild.create_role("Friends", permissions=discord.Permissions.none())
    admins = home.guild.create_role("Admins", permissions=discord.Permissions(manage_guild=True))
    roles = {"by role": [friends], "blocked by owner": [friends], "admin": [admins]}
    members = {
        kind: (away if kind == "other server" else home).guild.add_member(
            env.create_user(kind.replace(" ", "_")), roles=roles.get(kind, [])
        )
        for kind in KINDS
    }
    neighbour = away.guild.add_member(env.create_user("neighbour"))
    here = People(env, world, home, away, friends, members, neighbour)
    for kind, member in members.items():
        await member.join_voice(here.place_of(kind).voice)
    await _set_up(here)
    return here


def _place(env: simcord.Env, name: str) -> Place:
    guild = env.create_guild(name)
    return Place(guild, guild.create_text_channel("general"), guild.create_voice_channel("lounge"))


async def _set_up(here: People) -> None:
    guild_id = here.home.guild.id
    changes = {
        "blocked_members": (here.members["blocked by server"].id,),
        "says_per_minute": 120,
        "name_speakers": "never",
    }
    for key, value in changes.items():
        await here.world.settings.change_guild(guild_id, key, value, changed_by=None)
    owner, blocked = here.members["owner"].id, here.members["blocked by owner"].id

    async def work(execute: Any) -> None:
        await execute("INSERT INTO voice_blocks VALUES (?, ?, ?)", (guild_id, owner, blocked))

    await here.world.store.database.write(work)


def told(result: InteractionResult) -> str:
    """All that the member reads of an answer."""
    parts: list[str] = []
    if result.modal is not None:
        parts.append(f"[{result.modal['title']}]")
    for message in (result.response, *result.followups):
        if message is not None:
            parts += _texts(message)
    return as_read("\n".join(filter(None, parts)))


def _texts(message: ResponseMessage) -> list[str]:
    texts = [message.content or ""]
    for card in message.embeds:
        texts += [card.title or "", card.description or "", card.footer.text or ""]
        texts += [f"{each.name}: {each.value}" for each in card.fields]
    return texts
