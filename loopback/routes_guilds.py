"""Routes about guilds, their members, roles, channels and messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aiohttp import web

from .errors import ApiError, json_response, missing_permissions
from .ids import snowflake
from .limits import check_message
from .messages import Message
from .model import Channel, ChannelKind, Guild
from .permissions import Permission, guild_permissions
from .rest import read_body
from .state import World

MoveMember = Callable[[Guild, int, int | None], None]
_MESSAGES = "/channels/{channel}/messages"


class GuildRoutes:
    """What a bot reads and changes in a guild, as far as its permissions go."""

    def __init__(self, world: World, move_member: MoveMember) -> None:
        self._world = world
        self._move_member = move_member

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Return the routes."""
        return [
            web.get("/guilds/{guild}", self._guild),
            web.get("/guilds/{guild}/channels", self._channels),
            web.get("/guilds/{guild}/roles", self._roles),
            web.get("/guilds/{guild}/members/{user}", self._member),
            web.patch("/guilds/{guild}/members/{user}", self._edit_member),
            web.get("/guilds/{guild}/voice-states/{user}", self._voice_state),
            web.get("/channels/{channel}", self._channel),
            web.post("/channels/{channel}/typing", self._typing),
            web.post("/users/@me/channels", self._open_private_channel),
            web.get(_MESSAGES + "/{message}", self._message),
            web.post(_MESSAGES, self._post_message),
            web.patch(_MESSAGES + "/{message}", self._edit_message),
            web.delete(_MESSAGES + "/{message}", self._delete_message),
        ]

    # Guilds and members ----------------------------------------------------------------

    def _guild_of(self, request: web.Request) -> Guild:
        return self._world.guild(request.match_info["guild"])

    async def _guild(self, request: web.Request) -> web.Response:
        guild = self._guild_of(request)
        counts = {"approximate_member_count": len(guild.members), "approximate_presence_count": 1}
        return json_response({**guild.payload(), **counts})

    async def _channels(self, request: web.Request) -> web.Response:
        channels = self._guild_of(request).channels.values()
        return json_response([channel.payload() for channel in channels])

    async def _roles(self, request: web.Request) -> web.Response:
        return json_response([role.payload() for role in self._guild_of(request).roles.values()])

    async def _member(self, request: web.Request) -> web.Response:
        member = self._world.member(self._guild_of(request), request.match_info["user"])
        return json_response(member.payload())

    async def _edit_member(self, request: web.Request) -> web.Response:
        guild, body = self._guild_of(request), await request.json()
        member = self._world.member(guild, request.match_info["user"])
        if "channel_id" in body:
            self._require_in_guild(guild, Permission.MOVE_MEMBERS)
            if member.user.id not in guild.voice_states:
                raise ApiError(400, 40032, "Target user is not connected to voice.")
            channel_id = body["channel_id"]
            self._move_member(
                guild, member.user.id, None if channel_id is None else int(channel_id)
            )
        return json_response(member.payload())

    async def _voice_state(self, request: web.Request) -> web.Response:
        guild = self._guild_of(request)
        user = request.match_info["user"]
        state = guild.voice_states.get(self._world.bot.id if user == "@me" else int(user))
        if state is None:
            raise ApiError(404, 10065, "Unknown Voice State")
        return json_response({"guild_id": str(guild.id), **state.payload()})

    def _require_in_guild(self, guild: Guild, permission: Permission) -> None:
        if not guild_permissions(guild, guild.members[self._world.bot.id]) & permission:
            raise missing_permissions()

    # Channels and messages -------------------------------------------------------------

    def _channel_for(self, request: web.Request, needed: Permission) -> Channel:
        channel = self._world.channel(request.match_info["channel"])
        if channel.kind is ChannelKind.DM:
            return channel
        granted = self._world.permissions(self._world.bot.id, channel)
        if not granted & Permission.VIEW_CHANNEL:
            raise ApiError(403, 50001, "Missing Access")
        if needed & ~granted:
            raise missing_permissions()
        return channel

    def _message_of(self, request: web.Request) -> Message:
        message = self._world.message(request.match_info["message"])
        if message.ephemeral or str(message.channel_id) != request.match_info["channel"]:
            raise ApiError(404, 10008, "Unknown Message")
        return message

    async def _channel(self, request: web.Request) -> web.Response:
        return json_response(self._channel_for(request, Permission.VIEW_CHANNEL).payload())

    async def _typing(self, request: web.Request) -> web.Response:
        self._channel_for(request, Permission.SEND_MESSAGES)
        return web.Response(status=204)

    async def _open_private_channel(self, request: web.Request) -> web.Response:
        user = self._world.users[int((await request.json())["recipient_id"])]
        channel = Channel(snowflake(), 0, ChannelKind.DM, user.name)
        self._world.private_channels[channel.id] = channel
        return json_response({"id": str(channel.id), "type": 1, "recipients": [user.payload()]})

    async def _message(self, request: web.Request) -> web.Response:
        self._channel_for(request, Permission.READ_MESSAGE_HISTORY)
        return json_response(self._message_of(request).payload())

    async def _post_message(self, request: web.Request) -> web.Response:
        body, uploads = await read_body(request)
        needed = Permission.SEND_MESSAGES | (Permission.ATTACH_FILES if uploads else 0)
        channel = self._channel_for(request, Permission(needed))
        check_message(body, uploads, new=True)
        message = self._world.post(self._world.bot, channel, body, uploads)
        return json_response(message.payload())

    async def _edit_message(self, request: web.Request) -> web.Response:
        body, uploads = await read_body(request)
        self._channel_for(request, Permission.VIEW_CHANNEL)
        message = self._message_of(request)
        if message.author.id != self._world.bot.id:
            raise ApiError(403, 50005, "Cannot edit a message authored by another user")
        check_message(body, uploads, new=False)
        self._world.edit(message, body, uploads)
        return json_response(message.payload())

    async def _delete_message(self, request: web.Request) -> web.Response:
        message = self._message_of(request)
        own = message.author.id == self._world.bot.id
        needed = Permission.VIEW_CHANNEL if own else Permission.MANAGE_MESSAGES
        self._channel_for(request, needed)
        self._world.delete(message)
        return web.Response(status=204)
