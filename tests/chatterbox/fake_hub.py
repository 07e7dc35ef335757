"""As much of the model hub as a download needs, on loopback, with faults to order."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"
"""What is newest. A commit that is asked for is given."""

LARGE_BYTES = 2000
"""From here on the hub gives a SHA-256, as for files in Git LFS."""


class FakeHub:
    """Serves the files of a directory as those of every repository; of a directory with the name of
    a repository, as those of that one.

    newest: the commit of "main". stubborn: give that one whatever is asked for. gone: commits that
    are not there any more.
    gated: refuse the files without a token. broken: refuse everything with this status.
    lost: files that are listed and not there. bare: list neither sizes nor checksums.
    drops: files whose first transfer ends after so many bytes. refusals: statuses that a file is
    refused with before it is given. corrupt: how often a file comes with wrong bytes.
    stalls: files whose first transfer stops for so many seconds. ranges: whether it can begin in
    the middle. elsewhere: another address that files are given from. xet: say that files are in Xet
    storage, with hashes that are none.
    requests: what was asked for. ranges_asked: where transfers began. tokens: who asked for files.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.newest = COMMIT
        self.stubborn = False
        self.gone: set[str] = set()
        self.gated = False
        self.broken: int | None = None
        self.lost: set[str] = set()
        self.bare = False
        self.drops: dict[str, int] = {}
        self.refusals: dict[str, list[int]] = {}
        self.corrupt: dict[str, int] = {}
        self.stalls: dict[str, float] = {}
        self.ranges = True
        self.elsewhere: str | None = None
        self.xet = False
        self.requests: list[str] = []
        self.ranges_asked: dict[str, list[int]] = {}
        self.tokens: list[str | None] = []
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

    def folder(self, repository: str) -> Path:
        own = self.directory / repository
        return own if own.is_dir() else self.directory

    def commit(self, revision: str) -> str:
        given = self.stubborn or not re.fullmatch("[0-9a-f]{40}", revision)
        return self.newest if given else revision

    def listing(self, repository: str, revision: str) -> bytes:
        paths = sorted(path for path in self.folder(repository).iterdir() if path.is_file())
        files = [
            {"rfilename": path.name, **({} if self.bare else described(path))} for path in paths
        ]
        told = {"id": repository, "sha": self.commit(revision), "siblings": files}
        return json.dumps(told).encode()


def described(path: Path) -> dict[str, Any]:
    size = path.stat().st_size
    told: dict[str, Any] = {"size": size, "blobId": blob_id(path.read_bytes())}
    if size >= LARGE_BYTES:
        told["lfs"] = {"sha256": checksum(path), "size": size, "pointerSize": 135}
    return told


def blob_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def checksum(path: Path) -> str:
    """What the hub calls a content."""
    content = path.read_bytes()
    large = len(content) >= LARGE_BYTES
    return hashlib.sha256(content).hexdigest() if large else blob_id(content)


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
            return
        listing = re.fullmatch(r"/api/models/(.+?)(?:/revision/(.+?))?(?:\?.*)?", self.path)
        file = re.fullmatch(r"/(.+?)/resolve/(.+?)/(.+?)(?:\?.*)?", self.path)
        if listing is not None:
            self._answer_listing(listing[1], listing[2] or "main", with_body=with_body)
        elif file is not None:
            self._answer_file(self.hub.folder(file[1]) / file[3], file[2], with_body=with_body)
        else:
            self._send(404, b"", {}, with_body=with_body)

    def _answer_listing(self, repository: str, revision: str, *, with_body: bool) -> None:
        if revision in self.hub.gone:
            headers = {"X-Error-Code": "RevisionNotFound"}
            self._send(404, b"", headers, with_body=with_body)
            return
        self._send(200, self.hub.listing(repository, revision), {}, with_body=with_body)

    def _answer_file(self, path: Path, revision: str, *, with_body: bool) -> None:
        hub, commit = self.hub, {"X-Repo-Commit": self.hub.commit(revision)}
        hub.tokens.append(self.headers["Authorization"])
        if hub.gated and "Authorization" not in self.headers:
            refusal = {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted."}
            self._send(401, b"", refusal, with_body=with_body)
        elif path.name in hub.lost:
            missing = {"X-Error-Code": "EntryNotFound", **commit}
            self._send(404, b"", missing, with_body=with_body)
        elif with_body and hub.refusals.get(path.name):
            self._send(hub.refusals[path.name].pop(0), b"", {"Retry-After": "0"}, with_body=True)
        elif hub.elsewhere is not None:
            there = f"{hub.elsewhere}{self.path}"
            self._send(302, b"", {**commit, "Location": there}, with_body=with_body)
        else:
            self._give(path, commit, with_body=with_body)

    def _give(self, path: Path, headers: dict[str, str], *, with_body: bool) -> None:
        hub, content = self.hub, path.read_bytes()
        headers = {"ETag": f'"{checksum(path)}"', **headers}
        if hub.xet:
            headers |= {"X-Xet-Hash": "no hash", "X-Xet-Refresh-Route": f"{hub.endpoint}/xet"}
        start = 0
        if "Range" in self.headers and hub.ranges:
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        if with_body:
            hub.ranges_asked.setdefault(path.name, []).append(start)
            if hub.corrupt.get(path.name, 0) > 0:
                hub.corrupt[path.name] -= 1
                content = content[:-1] + bytes([content[-1] ^ 1])
        drop = hub.drops.pop(path.name, None) if with_body else None
        stall = hub.stalls.pop(path.name, 0.0) if with_body else 0.0
        status = 206 if start else 200
        self._send(status, content[start:], headers, with_body=with_body, drop=drop, stall=stall)

    def _send(
        self,
        status: int,
        body: bytes,
        headers: dict[str, str],
        *,
        with_body: bool,
        drop: int | None = None,
        stall: float = 0.0,
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if not with_body:
            return
        self.wfile.write(body[:drop] if not stall else body[: len(body) // 2])
        if stall:
            self.wfile.flush()
            time.sleep(stall)
            self.close_connection = True
