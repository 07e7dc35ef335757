"""Routes by which a bot answers interactions."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from .errors import json_response, unknown
from .interactions import Interaction, Interactions
from .messages import Message
from .model import Payload
from .rest import read_body

_WEBHOOK = "/webhooks/{application}/{token}"
_MESSAGE = _WEBHOOK + "/messages/{message}"
_ORIGINAL = "@original"


class InteractionRoutes:
    """First responses, follow-ups, and edits and deletions of both."""

    def __init__(self, interactions: Interactions) -> None:
        self._interactions = interactions

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Return the routes."""
        return [
            web.post("/interactions/{id}/{token}/callback", self._respond),
            web.post(_WEBHOOK, self._follow_up),
            web.get(_MESSAGE, self._get),
            web.patch(_MESSAGE, self._edit),
            web.delete(_MESSAGE, self._delete),
        ]

    async def _respond(self, request: web.Request) -> web.Response:
        body, uploads = await read_body(request)
        interaction = self._interactions.respond(request.match_info["token"], body, uploads)
        if request.query.get("with_response", "").lower() not in ("1", "true"):
            return web.Response(status=204)
        return json_response(_callback_response(interaction))

    def _interaction(self, request: web.Request) -> Interaction:
        return self._interactions.by_token(request.match_info["token"])

    def _answer(self, request: web.Request) -> tuple[Interaction, Message]:
        interaction, wanted = self._interaction(request), request.match_info["message"]
        candidates = [interaction.original, *interaction.followups]
        for message in candidates:
            named = wanted == _ORIGINAL or (message and str(message.id) == wanted)
            if message is not None and named and not message.deleted:
                return interaction, message
        raise unknown("Message", 10008)

    async def _follow_up(self, request: web.Request) -> web.Response:
        body, uploads = await read_body(request)
        interaction = self._interaction(request)
        return json_response(self._interactions.follow_up(interaction, body, uploads).payload())

    async def _get(self, request: web.Request) -> web.Response:
        return json_response(self._answer(request)[1].payload())

    async def _edit(self, request: web.Request) -> web.Response:
        body, uploads = await read_body(request)
        _, message = self._answer(request)
        self._interactions.edit(message, body, uploads)
        return json_response(message.payload())

    async def _delete(self, request: web.Request) -> web.Response:
        _, message = self._answer(request)
        self._interactions.delete(message)
        return web.Response(status=204)


def _callback_response(interaction: Interaction) -> Payload:
    assert interaction.reply is not None
    summary: Payload = {"id": str(interaction.id), "type": int(interaction.kind)}
    resource: Payload = {"type": int(interaction.reply)}
    if interaction.original is not None:
        summary |= {
            "response_message_id": str(interaction.original.id),
            "response_message_loading": interaction.message is None,
            "response_message_ephemeral": interaction.original.ephemeral,
        }
        resource["message"] = interaction.original.payload()
    return {"interaction": summary, "resource": resource}
