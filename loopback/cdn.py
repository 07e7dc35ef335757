"""Discord's file store: uploads of people and of the bot, downloaded over HTTPS."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web
from yarl import URL

from .downloads import Spoilt
from .ids import snowflake
from .model import Payload

CDN_HOST, MEDIA_HOST = "cdn.discordapp.com", "media.discordapp.net"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as a person or the bot hands it in."""

    filename: str
    content: bytes
    content_type: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A stored file. `content` is what a download returns; `description` its alternative text."""

    id: int
    filename: str
    content: bytes
    content_type: str
    url: str
    ephemeral: bool = False
    description: str | None = None

    def payload(self) -> Payload:
        """Return Discord's attachment object."""
        return {
            "id": str(self.id),
            "filename": self.filename,
            "size": len(self.content),
            "url": self.url,
            "proxy_url": self.url.replace(CDN_HOST, MEDIA_HOST),
            "content_type": self.content_type,
            "ephemeral": self.ephemeral,
            "description": self.description,
        }


class Cdn:
    """Keeps every file of the run by its path."""

    def __init__(self) -> None:
        self._files: dict[str, Attachment] = {}
        self.downloads: list[str] = []
        self._spoilt: list[Spoilt] = []

    def store(self, channel_id: int, upload: Upload, *, ephemeral: bool = False) -> Attachment:
        """Keep a file and return the attachment that names it."""
        attachment_id = snowflake()
        folder = "ephemeral-attachments" if ephemeral else "attachments"
        path = f"/{folder}/{channel_id}/{attachment_id}/{upload.filename}"
        guessed = mimetypes.guess_type(upload.filename)[0] or "application/octet-stream"
        attachment = Attachment(
            attachment_id,
            upload.filename,
            upload.content,
            upload.content_type or guessed,
            # Discord signs its links; whoever compares links must not trip over the query.
            f"https://{CDN_HOST}{path}?ex=1&is=1&hm=1",
            ephemeral,
            upload.description,
        )
        self._files[path] = attachment
        return attachment

    def spoil_next(self, *downloads: Spoilt) -> None:
        """Let the next downloads go wrong, one after the other."""
        self._spoilt += downloads

    def content(self, url: str) -> bytes:
        """Return what a download of `url` would give; KeyError if there is no such file."""
        return self._files[URL(url).path].content

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Return the download routes of the CDN host."""
        return [web.get("/{folder}/{channel}/{attachment}/{filename}", self._download)]

    async def _download(self, request: web.Request) -> web.StreamResponse:
        attachment = self._files.get(request.path)
        if attachment is None:
            return web.Response(status=404, text="This content is no longer available.")
        self.downloads.append(attachment.url)
        if self._spoilt:
            return await self._spoilt.pop(0)(request, attachment.content)
        return web.Response(body=attachment.content, content_type=attachment.content_type)
