"""The Discord client: what it listens to, what it loads, which commands Discord knows of."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import json
import secrets
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import aiohttp
import discord
import structlog

from bot.command_mentions import ALL_GUILDS, CommandMentions
from bot.command_translator import CommandTranslator
from bot.command_tree import MynahTree, answer_stale
from bot.condition import Condition
from bot.discord_events import guard_events, reconnect_soon
from bot.discord_http import DISCORD_FAILED, LONGEST_RATE_LIMIT_SECONDS
from bot.gateway_state import GatewayState
from bot.privacy.remembered import forget
from bot.services import Services
from bot.settings.permissions import SPEAKING
from bot.settings.service import SettingChange
from bot.sharded_client import ShardedBot
from bot.voice.utterances import UtteranceEnd
from bot.voice_watch import VoiceChange, VoiceChangeKind
from storage.opening import ClaimApplication
from storage.shards import Shards

log = structlog.get_logger(__name__)

EXTENSIONS = (
    "cogs.enrolment",
    "cogs.voices",
    "cogs.speech",
    "cogs.dictionary",
    "cogs.joining",
    "cogs.provenance",
    "cogs.queue",
    "cogs.reading",
    "cogs.speakers",
    "cogs.help",
    "cogs.moderation",
    "cogs.settings",
    "cogs.privacy",
    "cogs.audit",
)

VOICE_SECONDS = 6.0
COMMANDS_SECONDS = 1.0
LOGOUT_SECONDS = 1.5
"""Bounds of the steps of a shutdown, which must end within 10 s."""

GUILD_GAP_SECONDS = 0.25
"""Guilds that come later than this after one another are not waited for before READY counts.

Nothing is lost but their number in the log: members are not fetched, a guild that comes later is
known from then on, and its voice connection waits for it. discord.py's 2 s would be 2 s of silence
after a session was lost."""

SYNC_SECONDS = 45.0
"""How long the commands may take to be synced before the bot goes online without that."""

KNOWN_COMMANDS_SECONDS = 5.0
"""Within which Discord must say at the start which commands it knows."""


class MynahBot(ShardedBot):
    """Commands, and messages that are read aloud; it works without any privileged intent.

    Without the intent for message content Discord still delivers that of messages which mention the
    bot and of replies to it.

    make_services: called once, with this client, because voice connections are made through it.
    message_content: ask for that intent.
    proxy: URL of an HTTP proxy; it may hold a user and a password.
    connector: how to reach Discord's hosts, if not in the ordinary way.
    sync_at_start: tell Discord about the commands after loading them, if they changed; of several
    processes, the one that runs the first shard does so. shards, directory, claim: see
    `ShardedBot`.
    """

    tree: MynahTree

    def __init__(
        self,
        make_services: Callable[[MynahBot], Services],
        *,
        proxy: str | None = None,
        connector: aiohttp.BaseConnector | None = None,
        extensions: Sequence[str] = EXTENSIONS,
        shard_count: int | None = None,
        sync_at_start: bool = True,
        message_content: bool = False,
        shards: Shards | None = None,
        directory: Path | None = None,
        claim: ClaimApplication | None = None,
    ) -> None:
        super().__init__(
            shards=shards,
            directory=directory,
            claim=claim,
            command_prefix=(),
            help_command=None,
            tree_cls=MynahTree,
            intents=discord.Intents(
                guilds=True,
                voice_states=True,
                guild_messages=True,
                message_content=message_content,
            ),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            shard_count=shard_count,
            guild_ready_timeout=GUILD_GAP_SECONDS,
            max_ratelimit_timeout=LONGEST_RATE_LIMIT_SECONDS,
            connector=connector,
            proxy=proxy,
        )
        guard_events(self._connection.parsers)
        self.services = make_services(self)
        self.command_mentions = CommandMentions()
        self.shutting_down = False
        self.was_connected = False
        self._gateway_state = GatewayState()
        self._extensions_to_load = tuple(extensions)
        self._sync_at_start = sync_at_start
        self._subscriptions = contextlib.ExitStack()

    async def setup_hook(self) -> None:
        """Load the cogs and, if they changed, tell Discord about the commands."""
        self.services.voice.start()
        self.services.voice.listen(self)
        self._subscriptions.callback(self.services.watch.subscribe(self._voice_changed))
        self._subscriptions.callback(self.services.settings.subscribe(self._setting_changed))
        self._subscriptions.callback(
            self.services.privacy.subscribe(functools.partial(forget, self.services))
        )
        await self.tree.set_translator(CommandTranslator())
        for name in self._extensions_to_load:
            await self.load_extension(name)
        if self._sync_at_start:
            if self.runs_first_shard:
                await self._sync_at_first()
            await self._learn_commands()

    async def _sync_at_first(self) -> None:
        try:
            async with asyncio.timeout(SYNC_SECONDS):
                await self.sync_commands()
        except DISCORD_FAILED as error:
            # The commands of the last run are there still; most of them work.
            log.warning("commands could not be synced; the next start tries again", stage="start",
                        error=repr(error))  # fmt: skip

    async def on_interaction(self, interaction: discord.Interaction[MynahBot]) -> None:
        """Answer presses on what is left of an earlier run."""
        await answer_stale(interaction)

    async def on_error(self, event_method: str, /, *_arguments: object, **_more: object) -> None:
        """Note what went wrong as an event was handled; it must not end anything else."""
        error = sys.exc_info()[1]
        if isinstance(error, DISCORD_FAILED):
            log.warning("Discord failed an event", stage="gateway", name=event_method,
                        error=repr(error))  # fmt: skip
            return
        reference = secrets.token_hex(4)
        log.error("event failed", stage="gateway", name=event_method, reference=reference,
                  exc_info=error)  # fmt: skip

    async def on_shard_connect(self, shard_id: int) -> None:
        """Remember that the gateway can be reached; discord.py sees to later losses."""
        self.was_connected = True
        reconnect_soon(self, shard_id)

    async def on_shard_disconnect(self, shard_id: int) -> None:
        """Remember that a shard is away."""
        self._gateway_state.lost(shard_id)

    async def on_shard_resumed(self, shard_id: int) -> None:
        """Remember that a shard's session goes on."""
        self._gateway_state.back(shard_id)

    async def on_shard_ready(self, shard_id: int) -> None:
        """Remember that a shard has a new session."""
        self._gateway_state.back(shard_id)

    def condition(self) -> Condition:
        """Return how the connection to Discord is."""
        return self._gateway_state.condition(
            connected=self.was_connected, ready=self.is_ready(), closing=self.shutting_down
        )

    async def on_ready(self) -> None:
        """Say that members can be served now."""
        log.info("connected to Discord", stage="start", user=str(self.user),
                 guilds=len(self.guilds), shards=str(self.shards_run or "auto"))  # fmt: skip
        if not self.guilds and self.shards_run is None and self.application_id is not None:
            log.info("invite me to a server", stage="start", link=invite_link(self.application_id))

    async def _voice_changed(self, change: VoiceChange) -> None:
        voice, voice_id = self.services.voice, change.voice_id
        match change.kind:
            case VoiceChangeKind.RECORDING:
                voice.voice_replaced(voice_id)
            case VoiceChangeKind.DELETED:
                await voice.end_voice(voice_id, UtteranceEnd.VOICE_DELETED)
            case VoiceChangeKind.PAUSED:
                await voice.end_voice(voice_id, UtteranceEnd.VOICE_PAUSED)
            case VoiceChangeKind.REACH:
                await voice.ask_again(voice_id)

    async def _setting_changed(self, change: SettingChange) -> None:
        player = self.services.voice.existing(change.guild_id)
        if player is not None and change.key in SPEAKING:
            player.rules_changed()

    async def close(self) -> None:
        """Refuse new commands, let sentences in flight end, leave all channels, log out.

        All of it is bounded: `VOICE_SECONDS`, `COMMANDS_SECONDS` and `LOGOUT_SECONDS`.
        """
        self.shutting_down = True
        self._subscriptions.close()
        if not self.is_closed():
            await _bounded(self.services.voice.close(), VOICE_SECONDS)
            await _bounded(self.tree.end_running(), COMMANDS_SECONDS)
        await _bounded(super().close(), LOGOUT_SECONDS)

    async def sync_commands(self, guild_id: int = ALL_GUILDS, *, force: bool = False) -> int | None:
        """Tell Discord which commands there are, if that changed since it was told last.

        guild_id: a guild that gets copies of its own, or `ALL_GUILDS`. force: tell it in any case.
        Returns how many commands it knows now, None if nothing had changed.

        Raises discord.HTTPException.
        """
        guild = discord.Object(guild_id) if guild_id != ALL_GUILDS else None
        if guild is not None:
            self.tree.copy_global_to(guild=guild)
        assert self.application_id is not None, "log in first"
        choices, scope = self.services.choices, (self.application_id, guild_id)
        current = await self.definition_hash(guild)
        if not force and await choices.synced_definition(*scope) == current:
            return None
        synced = await self.tree.sync(guild=guild)
        self.command_mentions.learn(guild_id, synced)
        await choices.set_synced_definition(*scope, current)
        log.info("commands synced", stage="start", guild=guild_id, commands=len(synced))
        return len(synced)

    async def remove_guild_commands(self, guild_id: int) -> None:
        """Take back what `sync_commands` gave to one guild. Raises discord.HTTPException."""
        guild = discord.Object(guild_id)
        self.tree.clear_commands(guild=guild)
        self.command_mentions.learn(guild_id, await self.tree.sync(guild=guild))

    async def _learn_commands(self) -> None:
        """Ask Discord for the commands that were not synced just now, but in an earlier run."""
        assert self.application_id is not None, "log in first"
        guilds = await self.services.choices.synced_guilds(self.application_id)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(KNOWN_COMMANDS_SECONDS):
                for guild_id in (ALL_GUILDS, *guilds):
                    await self._learn_scope(guild_id)
        if not self.command_mentions.knows(ALL_GUILDS):
            log.warning("answers name commands without links until the next start", stage="start")

    async def _learn_scope(self, guild_id: int) -> None:
        if self.command_mentions.knows(guild_id):
            return
        guild = discord.Object(guild_id) if guild_id != ALL_GUILDS else None
        try:
            self.command_mentions.learn(guild_id, await self.tree.fetch_commands(guild=guild))
        except DISCORD_FAILED as error:
            # Such as a guild that sent the bot away since.
            log.info("commands unknown", stage="start", guild=guild_id, error=repr(error))

    async def definition_hash(self, guild: discord.abc.Snowflake | None = None) -> str:
        """Return a hash that changes whenever Discord must be told about the commands anew.

        So it does when a translation of theirs has changed.
        """
        commands, translator = self.tree.get_commands(guild=guild), self.tree.translator
        definitions = [
            await command.get_translated_payload(self.tree, translator)
            if translator is not None
            else command.to_dict(self.tree)
            for command in commands
        ]
        definitions.sort(key=lambda definition: (definition["name"], definition["type"]))
        return hashlib.sha256(json.dumps(definitions, sort_keys=True).encode()).hexdigest()


def invite_link(application_id: int | str) -> str:
    """Return the link that invites the bot with exactly the permissions that it needs.

    Answers to commands need none: they take the way of the interaction. Send Messages is for the
    line in a voice channel's chat that says who speaks, and for the moderation channel.
    """
    permissions = discord.Permissions(
        view_channel=True, send_messages=True, connect=True, speak=True
    )
    scopes = ("bot", "applications.commands")
    return discord.utils.oauth_url(application_id, permissions=permissions, scopes=scopes)


async def _bounded(step: Awaitable[None], seconds: float) -> None:
    """Await a step of the shutdown; what takes too long or fails must not hold up the others."""
    try:
        await asyncio.wait_for(step, seconds)
    except TimeoutError:
        log.warning("shutdown step took too long", stage="stop", seconds=seconds)
    except Exception:
        log.exception("shutdown step failed", stage="stop")
