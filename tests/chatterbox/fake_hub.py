"""As much of the model hub as a download needs, on loopback, with faults to order."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class FakeHub:
    """Serves the files of a directory as those of every repository.

    gated: refuse the files without a token. broken: refuse everything with this status.
    lost: files that are listed and not there.
    drops: files whose first transfer ends after so many bytes. requests: what was asked for.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.gated = False
        self.broken: int | None = None
        self.lost: set[str] = set()
        self.drops: dict[str, int] = {}
        self.requests: list[str] = []
        self.endpoint = ""

    @contextmanager
    def serving(self) -> Iterator[FakeHub]:
        class Handler(_Handler):
            hub = self

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            self.endpoint = f"http://127.0.0.1:{server.server_port}"
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()

    def listing(self, repository: str) -> bytes:
        files = [
            {"rfilename": path.name, "size": path.stat().st_size}
            for path in sorted(self.directory.iterdir())
        ]
        return json.dumps({"id": repository, "sha": COMMIT, "siblings": files}).encode()


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, *_args: Any) -> None:
        pass

    def _answer(self, *, with_body: bool) -> None:
        self.hub.requests.append(f"{self.command} {self.path}")
        if self.hub.broken is not None:
            self._send(self.hub.broken, b"", {}, with_body=with_body)
        elif self.path.startswith("/api/models/"):
            repository = self.path.removeprefix("/api/models/").split("/revision/")[0]
            self._send(200, self.hub.listing(repository), {}, with_body=with_body)
        elif "/resolve/" in self.path:
            self._answer_file(self.hub.directory / self.path.rsplit("/", 1)[1], with_body=with_body)
        else:
            self._send(404, b"", {}, with_body=with_body)

    def _answer_file(self, path: Path, *, with_body: bool) -> None:
        if self.hub.gated and "Authorization" not in self.headers:
            refusal = {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted."}
            self._send(401, b"", refusal, with_body=with_body)
            return
        if path.name in self.hub.lost:
            missing = {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}
            self._send(404, b"", missing, with_body=with_body)
            return
        content = path.read_bytes()
        tag = hashlib.sha256(f"{path.name} {path.stat().st_mtime_ns}".encode()).hexdigest()
        headers = {"ETag": f'"{tag}"', "X-Repo-Commit": COMMIT}
        start = 0
        if "Range" in self.headers:
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        drop = self.hub.drops.pop(path.name, None) if with_body else None
        status = 206 if start else 200
        self._send(status, content[start:], headers, with_body=with_body, drop=drop)

    def _send(
        self,
        status: int,
        body: bytes,
        headers: dict[str, str],
        *,
        with_body: bool,
        drop: int | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body[:drop])
