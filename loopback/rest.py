"""REST v10: authorisation, recording, ordered failures, errors; the routes stand elsewhere."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler

from .cdn import Upload
from .errors import ApiError, Violation, json_response
from .faults import Faults
from .model import Payload
from .state import World

_PREFIX = "/api/v10"
REQUEST_BYTES = 64 * 1024 * 1024
_OPEN = ("/interactions/", "/webhooks/")
"""Routes that carry their own token."""


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request as it was answered. `at` is time.monotonic() on arrival, `path` without /api.

    status: 499 where the connection was cut. route: such as `GET /users/{user}`.
    """

    method: str
    path: str
    status: int
    at: float
    route: str


class Rest:
    """The API host."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults
        self.requests: list[RecordedRequest] = []

    def application(self, routes: Iterable[web.AbstractRouteDef]) -> web.Application:
        """Return the API with these routes; every other one is a violation."""
        api = web.Application(middlewares=[self._answer], client_max_size=REQUEST_BYTES)
        api.add_routes(routes)
        api.router.add_route("*", "/{unknown:.*}", self._unknown)
        host = web.Application(client_max_size=REQUEST_BYTES)
        host.add_subapp(_PREFIX, api)
        return host

    @web.middleware
    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        at, path = time.monotonic(), request.path.removeprefix(_PREFIX)

        async def handle() -> web.StreamResponse:
            return await self._handle(request, path, handler)

        response = await self._faults.answer(request, f"{request.method} {path}", handle)
        route = _route_of(request)
        self.requests.append(RecordedRequest(request.method, path, response.status, at, route))
        return response

    async def _handle(
        self, request: web.Request, path: str, handler: Handler
    ) -> web.StreamResponse:
        try:
            self._authorise(request, path)
            return await handler(request)
        except ApiError as error:
            return json_response(error.body, error.status)

    def _authorise(self, request: web.Request, path: str) -> None:
        expected = f"Bot {self._world.token}"
        if not path.startswith(_OPEN) and request.headers.get("Authorization") != expected:
            raise ApiError(401, 0, "401: Unauthorized")

    async def _unknown(self, request: web.Request) -> web.Response:
        route = f"{request.method} {request.path}"
        self._world.violations.append(Violation("unknown route", route))
        raise ApiError(404, 0, f"404: the loopback Discord has no route {route}")


def _route_of(request: web.Request) -> str:
    resource = request.match_info.route.resource
    path = request.path if resource is None else resource.canonical
    return f"{request.method} {path.removeprefix(_PREFIX)}"


async def read_body(request: web.Request) -> tuple[Payload, list[Upload]]:
    """Return the JSON body and the uploaded files, in order of their numbers."""
    if request.content_type != "multipart/form-data":
        body = await request.json() if request.can_read_body else {}
        return body, []
    fields = await request.post()
    uploads = [_upload(field) for field in fields.values() if isinstance(field, web.FileField)]
    return json.loads(str(fields["payload_json"])), uploads


def _upload(field: web.FileField) -> Upload:
    return Upload(field.filename, field.file.read(), field.content_type)
