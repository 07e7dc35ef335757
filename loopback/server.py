"""The loopback Discord: starts and stops everything and holds what tests reach for."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Self

import aiohttp
from aiohttp import web

from .cdn import CDN_HOST, MEDIA_HOST
from .errors import Violation
from .faults import Faults
from .gateway import Gateway
from .ids import Clock
from .interactions import NEVER_ACKNOWLEDGED, Interactions
from .model import Channel, ChannelKind, Guild, Overwrite, Role
from .proxy import ConnectProxy
from .rest import REQUEST_BYTES, RecordedRequest, Rest
from .routes_account import AccountRoutes
from .routes_guilds import GuildRoutes
from .routes_interactions import InteractionRoutes
from .state import World
from .tls import Certificates, LoopbackResolver
from .user import Person
from .voice import Voice


class LoopbackDiscord:
    """A Discord on 127.0.0.1, as an async context manager.

    `world` is what there is, `gateway`, `voice` and `interactions` what goes on; `clock` moves
    the limits of interactions, `faults` refuses requests. A run without `violations` is one that
    Discord would accept.
    """

    def __init__(self, *, shards: int = 1) -> None:
        self.world = World()
        self.clock = Clock()
        self.faults = Faults()
        self.gateway = Gateway(self.world)
        self.voice = Voice(self.world)
        self.interactions = Interactions(self.world, self.clock)
        self.foreign_hosts: list[str] = []
        self._rest = Rest(self.world, self.faults)
        self._shards = shards
        self._certificates = Certificates()
        self._folder = tempfile.TemporaryDirectory(prefix="loopback-discord-")
        self._runner: web.AppRunner | None = None
        self._proxy: ConnectProxy | None = None
        self._port = 0
        self.world.publish = self.gateway.publish
        self.gateway.on_voice_request = self.voice.bot_requested
        self.gateway.on_session_lost = self.voice.session_lost

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen on free ports of 127.0.0.1."""
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(
            self._runner, "127.0.0.1", 0, ssl_context=self._certificates.server_context()
        )
        await site.start()
        self._port = self._runner.addresses[0][1]
        self._proxy = ConnectProxy(self._port, self.foreign_hosts)
        await self._proxy.start()
        self._certificates.write_ca(self._ca_file)
        self.voice.start()

    async def stop(self) -> None:
        """Close every connection, thread and file."""
        self.gateway.close(1001)
        assert self._proxy is not None
        assert self._runner is not None
        await self._proxy.stop()
        await self._runner.cleanup()
        await self.voice.stop()
        self._folder.cleanup()

    # How a bot gets here ---------------------------------------------------------------

    @property
    def token(self) -> str:
        """The bot's token."""
        return self.world.token

    def connector(self) -> aiohttp.TCPConnector:
        """Return a connector for `discord.Client(connector=...)` in this process."""
        resolver = LoopbackResolver(self._port, self.foreign_hosts)
        context = self._certificates.client_context()
        return aiohttp.TCPConnector(limit=0, ssl=context, resolver=resolver)

    @property
    def proxy_url(self) -> str:
        """The CONNECT proxy for `discord.Client(proxy=...)` in another process."""
        assert self._proxy is not None
        return f"http://127.0.0.1:{self._proxy.port}"

    def env(self) -> dict[str, str]:
        """Return the environment by which the real program reaches this Discord."""
        return {
            "SSL_CERT_FILE": str(self._ca_file),
            "DISCORD_TOKEN": self.token,
            "MYNAH_DISCORD__PROXY": self.proxy_url,
        }

    # The world -------------------------------------------------------------------------

    def add_guild(self, name: str = "Nest", *, bot_permissions: int = 0) -> Guild:
        """Create a guild with a text and a voice channel and the bot in it."""
        return self.world.add_guild(name, bot_permissions=bot_permissions)

    def add_person(self, guild: Guild, name: str, roles: Iterable[Role] = ()) -> Person:
        """Create a member of the guild who can act."""
        member = self.world.add_member(guild, self.world.add_user(name), roles)
        return Person(self, guild, member)

    def owner(self, guild: Guild) -> Person:
        """Return the guild's owner as a person who can act."""
        return Person(self, guild, guild.members[guild.owner_id])

    def add_voice_channel(self, guild: Guild, name: str, *, user_limit: int = 0) -> Channel:
        """Create a voice channel; `user_limit` 0 is no limit."""
        return self.world.add_channel(guild, name, ChannelKind.VOICE, user_limit)

    def make_afk(self, guild: Guild, channel: Channel) -> None:
        """Make a voice channel the guild's AFK channel."""
        guild.afk_channel_id = channel.id
        self.world.publish("GUILD_UPDATE", guild.payload(), guild.id)

    def grant_bot(self, guild: Guild, permissions: int) -> None:
        """Grant the bot's role these permissions as well."""
        self.world.grant(guild, self.world.bot.id, permissions)

    def deny_bot(self, channel: Channel, permissions: int) -> None:
        """Deny the bot these permissions in the channel (0 takes the denial back)."""
        denial = Overwrite(self.world.bot.id, deny=permissions, for_member=True)
        self.world.overwrite(channel, denial)

    # Faults, one call each -------------------------------------------------------------

    def cut_off(self, host: str, *, again: bool = False) -> None:
        """Let a bot that comes by `proxy_url` not reach this host any more (or `again`)."""
        assert self._proxy is not None
        change = self._proxy.unreachable.discard if again else self._proxy.unreachable.add
        change(host)

    def close_voice(self, guild: Guild, code: int) -> None:
        """Close the bot's voice websocket in the guild with this code."""
        self.voice.close(guild, code)

    def close_gateway(self, code: int) -> None:
        """Close the main gateway's websocket with this code."""
        self.gateway.close(code)

    def move_bot(self, guild: Guild, channel: Channel) -> None:
        """A moderator moves the bot."""
        self.voice.move(guild, self.world.bot.id, channel.id)

    def disconnect_bot(self, guild: Guild) -> None:
        """A moderator disconnects the bot."""
        self.voice.move(guild, self.world.bot.id, None)

    def deafen_bot(self, guild: Guild, on: bool = True) -> None:
        """A moderator deafens the bot in the whole guild, or lets it hear again."""
        self.voice.deafen(guild, self.world.bot.id, on)

    def mute_bot(self, guild: Guild, on: bool = True) -> None:
        """A moderator mutes the bot in the whole guild, or lets it speak again."""
        self.voice.mute(guild, self.world.bot.id, on)

    def remove_bot(self, guild: Guild) -> None:
        """Throw the bot out of the guild."""
        if self.world.bot.id in guild.voice_states:
            self.disconnect_bot(guild)
        self.voice.expelled.add(guild.id)
        self.world.publish("GUILD_DELETE", {"id": str(guild.id)}, guild.id)

    def delete_channel(self, channel: Channel) -> None:
        """Delete a voice channel; whoever is in it is disconnected."""
        guild = self.world.guild(channel.guild_id)
        self.world.publish("CHANNEL_DELETE", channel.payload(), guild.id)
        for user_id in self.world.occupants(channel):
            self.voice.move(guild, user_id, None)
        del guild.channels[channel.id]

    def suppress_bot(self, guild: Guild) -> None:
        """Put the bot among those who only listen, as on a stage."""
        state = guild.voice_states[self.world.bot.id]
        self.world.set_voice_state(guild, replace(state, suppress=True))

    # What went on ----------------------------------------------------------------------

    @property
    def requests(self) -> list[RecordedRequest]:
        """Every REST request so far."""
        return self._rest.requests

    @property
    def routes(self) -> list[str]:
        """Every route that is served, such as `GET /users/{user}`."""
        return sorted(f"{route.method} {route.path}" for route in self._routes())

    @property
    def violations(self) -> list[Violation]:
        """Everything the bot did that Discord would not accept."""
        foreign = [Violation("foreign host", host) for host in self.foreign_hosts]
        return [*self.world.violations, *foreign, *self.interactions.unanswered()]

    def forgive(self, kind: str) -> None:
        """Take violations of this kind as expected; AssertionError if there were none."""
        assert kind in {v.kind for v in self.violations}, f"no {kind!r}: {self.violations}"
        kept = [violation for violation in self.world.violations if violation.kind != kind]
        self.world.violations[:] = kept
        if kind == NEVER_ACKNOWLEDGED:
            self.interactions.forgive_unanswered()

    def assert_clean(self) -> None:
        """Raise AssertionError unless Discord would have accepted everything so far."""
        assert not self.violations, f"Discord would not accept: {self.violations}"

    # -------------------------------------------------------------------------------------

    @property
    def _ca_file(self) -> Path:
        return Path(self._folder.name) / "ca.pem"

    def _routes(self) -> list[web.RouteDef]:
        account = AccountRoutes(
            self.world,
            self._shards,
            lambda: self.gateway.allowed_privileged_intents,
            lambda: self.gateway.max_concurrency,
        )
        guilds = GuildRoutes(self.world, self.voice.move)
        answers = InteractionRoutes(self.interactions)
        routes = [*account.routes(), *guilds.routes(), *answers.routes()]
        return [route for route in routes if isinstance(route, web.RouteDef)]

    def _application(self) -> web.Application:
        api = self._rest.application(self._routes())
        hosts = web.Application(client_max_size=REQUEST_BYTES)  # of all requests
        hosts.add_domain("discord.com", api)
        for host in (CDN_HOST, MEDIA_HOST):
            hosts.add_domain(host, _host(self.world.cdn.routes()))
        hosts.add_domain("*.discord.gg", _host(self.gateway.routes()))
        hosts.add_domain("*.discord.media", _host(self.voice.routes()))
        return hosts


def _host(routes: Iterable[web.AbstractRouteDef]) -> web.Application:
    application = web.Application()
    application.add_routes(routes)
    return application
