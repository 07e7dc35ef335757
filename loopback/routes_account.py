"""Routes about the bot itself, its application, its commands and the gateway's address."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aiohttp import web

from .errors import json_response, unknown
from .gateway import GATEWAY_URL
from .gateway_session import MESSAGE_CONTENT
from .ids import snowflake
from .limits import check_command
from .model import Payload
from .state import World

_GLOBAL = "/applications/{application}/commands"
_GUILD = "/applications/{application}/guilds/{guild}/commands"
_TEXT_COMMAND = 1
_MESSAGE_CONTENT_FLAG = 1 << 19
"""Of a bot in fewer than 100 guilds
(https://discord.com/developers/docs/resources/application#application-object-application-flags)."""


class AccountRoutes:
    """What a bot asks before and while it logs in."""

    def __init__(
        self,
        world: World,
        shards: int,
        privileged: Callable[[], int],
        max_concurrency: Callable[[], int],
    ) -> None:
        """Take the world. privileged: the intents that are switched on for the application.

        max_concurrency: how many shards may identify at once.
        """
        self._world = world
        self._max_concurrency = max_concurrency
        self._privileged = privileged
        self._shards = shards

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Return the routes."""
        return [
            web.get("/users/@me", self._me),
            web.get("/users/@me/guilds", self._guilds),
            web.get("/users/{user}", self._user),
            web.get("/applications/@me", self._application),
            web.get("/oauth2/applications/@me", self._application),
            web.get("/gateway", self._gateway),
            web.get("/gateway/bot", self._gateway),
            *self._command_routes(_GLOBAL),
            *self._command_routes(_GUILD),
        ]

    def _command_routes(self, base: str) -> Iterable[web.AbstractRouteDef]:
        return [
            web.get(base, self._commands),
            web.put(base, self._overwrite_commands),
            web.post(base, self._upsert_command),
            web.get(base + "/{command}", self._command),
            web.patch(base + "/{command}", self._edit_command),
            web.delete(base + "/{command}", self._delete_command),
        ]

    async def _me(self, request: web.Request) -> web.Response:
        account = {"verified": True, "mfa_enabled": False, "email": None, "locale": "en-US"}
        return json_response({**self._world.bot.payload(), **account, "flags": 0})

    async def _guilds(self, request: web.Request) -> web.Response:
        bot_id = self._world.bot.id
        guilds = [g.payload() for g in self._world.guilds.values() if bot_id in g.members]
        return json_response([{**guild, "owner": False, "permissions": "0"} for guild in guilds])

    async def _user(self, request: web.Request) -> web.Response:
        user = self._world.users.get(int(request.match_info["user"]))
        if user is None:
            raise unknown("User", 10013)
        return json_response(user.payload())

    async def _application(self, request: web.Request) -> web.Response:
        application: Payload = {
            "id": str(self._world.bot.id),
            "name": self._world.bot.name,
            "icon": None,
            "description": "",
            "summary": "",
            "rpc_origins": [],
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": _MESSAGE_CONTENT_FLAG if self._privileged() & MESSAGE_CONTENT else 0,
            "owner": next(iter(self._world.users.values())).payload(),
            "team": None,
        }
        return json_response(application)

    async def _gateway(self, request: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 999, "reset_after": 0,
                 "max_concurrency": self._max_concurrency()}  # fmt: skip
        body = {"url": GATEWAY_URL, "shards": self._shards, "session_start_limit": limit}
        return json_response(body)

    # Commands --------------------------------------------------------------------------

    def _scope(self, request: web.Request) -> int | None:
        guild = request.match_info.get("guild")
        return None if guild is None else self._world.guild(guild).id

    def _registered(self, request: web.Request) -> list[Payload]:
        return self._world.commands.setdefault(self._scope(request), [])

    def _find(self, request: web.Request) -> Payload:
        for command in self._registered(request):
            if command["id"] == request.match_info["command"]:
                return command
        raise unknown("application command", 10063)

    def _complete(self, request: web.Request, command: Payload) -> Payload:
        """Return the command with what Discord adds; its id stays if the name is known."""
        check_command(command)
        kind = command.get("type", _TEXT_COMMAND)
        registered = {(c["name"], c["type"]): c["id"] for c in self._registered(request)}
        known_id = registered.get((command["name"], kind))
        guild_id = self._scope(request)
        return {
            "description": "",
            "options": [],
            "default_member_permissions": None,
            "dm_permission": True,
            "nsfw": False,
            **command,
            "type": kind,
            "id": known_id or str(snowflake()),
            "application_id": str(self._world.bot.id),
            "version": str(snowflake()),
            **({} if guild_id is None else {"guild_id": str(guild_id)}),
        }

    async def _commands(self, request: web.Request) -> web.Response:
        return json_response(self._registered(request))

    async def _overwrite_commands(self, request: web.Request) -> web.Response:
        commands = [self._complete(request, command) for command in await request.json()]
        self._world.commands[self._scope(request)] = commands
        return json_response(commands)

    async def _upsert_command(self, request: web.Request) -> web.Response:
        command = self._complete(request, await request.json())
        others = [c for c in self._registered(request) if c["id"] != command["id"]]
        self._world.commands[self._scope(request)] = [*others, command]
        return json_response(command, 201)

    async def _command(self, request: web.Request) -> web.Response:
        return json_response(self._find(request))

    async def _edit_command(self, request: web.Request) -> web.Response:
        command = self._find(request)
        changed = {**command, **await request.json()}
        check_command(changed)
        command.update(changed, version=str(snowflake()))
        return json_response(command)

    async def _delete_command(self, request: web.Request) -> web.Response:
        self._registered(request).remove(self._find(request))
        return web.Response(status=204)
