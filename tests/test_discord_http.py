"""Calls to Discord that are made again."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest
from discord.http import Route

import bot.discord_http
from bot.discord_http import careful


async def test_a_file_is_sent_whole_again_after_the_connection_was_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bot.discord_http, "PAUSES_SECONDS", (0.0, 0.0))
    sent: list[bytes] = []

    async def request(route: Route, *, files: list[discord.File]) -> dict[str, Any]:
        sent.append(files[0].fp.read())
        if len(sent) == 1:
            raise aiohttp.ServerDisconnectedError
        return {}

    http: Any = SimpleNamespace(request=request, get_from_cdn=None)
    picture = discord.File(io.BytesIO(b"picture"), "voice.png")
    with careful(http, most_bytes=0):
        await http.request(Route("PATCH", "/channels/{channel_id}", channel_id=1), files=[picture])
    assert sent == [b"picture", b"picture"]


@pytest.mark.parametrize(("flags", "tries"), [(64, 2), (0, 1)], ids=["one member", "everybody"])
async def test_what_one_member_alone_is_told_is_sent_once_more(
    monkeypatch: pytest.MonkeyPatch, flags: int, tries: int
) -> None:
    monkeypatch.setattr(bot.discord_http, "PAUSES_SECONDS", (0.0, 0.0))
    sent: list[dict[str, Any]] = []

    async def request(route: Route, *, payload: dict[str, Any]) -> dict[str, Any]:
        sent.append(payload)
        raise aiohttp.ServerDisconnectedError

    http: Any = SimpleNamespace(request=request, get_from_cdn=None)
    route = Route("POST", "/webhooks/{webhook_id}/{webhook_token}", webhook_id=1, webhook_token="t")
    told = {"content": "That failed.", "flags": flags}
    with careful(http, most_bytes=0), pytest.raises(aiohttp.ServerDisconnectedError):
        await http.request(route, payload=told)
    assert sent == [told] * tries
