"""A real S3 server on loopback, and a proxy before it that fails as servers and networks do."""

from __future__ import annotations

import http.client
import itertools
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import boto3
from moto.server import ThreadedMotoServer

from storage.objects.address import ObjectAddress

Fault = Literal["", "refuse", "fail", "busy", "stall", "cut", "drop"]
"""403, 500, 503, no answer, half an answer, the connection closed."""

KEYS = {"aws_access_key_id": "mynah", "aws_secret_access_key": "mynah-secret"}
_STATUS = {
    "refuse": (403, "AccessDenied"),
    "fail": (500, "InternalError"),
    "busy": (503, "SlowDown"),
}


_NUMBERS = itertools.count(1)
"""Of buckets: all servers of a process have the same ones, as moto keeps them."""


@dataclass
class S3Server:
    """A running server. endpoint: its URL."""

    endpoint: str

    @property
    def client(self) -> Any:
        return boto3.client("s3", endpoint_url=self.endpoint, region_name="us-east-1", **KEYS)

    def address(self, prefix: str = "mynah/test", endpoint: str | None = None) -> ObjectAddress:
        """Return a prefix in a bucket that is made for it."""
        bucket = f"voices-{next(_NUMBERS)}"
        self.client.create_bucket(Bucket=bucket)
        return self.address_of(bucket, prefix, endpoint)

    def address_of(
        self, bucket: str, prefix: str = "mynah/test", endpoint: str | None = None
    ) -> ObjectAddress:
        """Return a prefix in a bucket that is there."""
        return ObjectAddress(bucket, prefix, endpoint or self.endpoint, "us-east-1", *KEYS.values())


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Run moto's server on a free port of loopback."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else it tells of every request
    host, port = server.get_host_and_port()
    try:
        yield S3Server(f"http://{host}:{port}")
    finally:
        server.stop()


@dataclass
class Weather:
    """How the proxy behaves. only: methods that fail; all where empty. calls: what came."""

    fault: Fault = ""
    only: frozenset[str] = frozenset()
    after: int = 0
    calls: list[str] = field(default_factory=list)
    clearing: threading.Event = field(default_factory=threading.Event)

    def reset(self) -> None:
        """Have fair weather; who waits for an answer gets none."""
        self.clearing.set()
        self.fault, self.only, self.after, self.calls = "", frozenset(), 0, []
        self.clearing = threading.Event()

    def fault_of(self, method: str) -> Fault:
        self.calls.append(method)
        if self.only and method not in self.only:
            return ""
        if self.after > 0:
            self.after -= 1
            return ""
        return self.fault


@contextmanager
def faulty(server: S3Server) -> Iterator[tuple[str, Weather]]:
    """Run a proxy before the server; its URL, and what decides how it fails."""
    weather = Weather()

    class Handler(_Proxy):
        upstream, sky = server.endpoint.removeprefix("http://"), weather

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.daemon_threads, proxy.block_on_close = True, False  # connections are kept alive
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{proxy.server_port}", weather
    finally:
        weather.clearing.set()
        proxy.shutdown()
        thread.join()
        proxy.server_close()


class _Proxy(BaseHTTPRequestHandler):
    protocol_version, timeout = "HTTP/1.1", 5.0
    upstream = ""
    sky: Weather

    def log_message(self, *_arguments: object) -> None:
        pass

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.sky.fault_of(self.command)
        if fault in _STATUS:
            status, code = _STATUS[fault]
            self._answer(status, {}, f"<Error><Code>{code}</Code></Error>".encode())
            return
        if fault == "stall":
            self.sky.clearing.wait(10)
        if fault in ("stall", "drop"):
            self.close_connection = True
            return
        connection = http.client.HTTPConnection(self.upstream, timeout=10)
        connection.request(self.command, self.path, body, dict(self.headers))
        answer = connection.getresponse()
        content = answer.read()
        headers = {k: v for k, v in answer.getheaders() if k.lower() not in _OWN}
        length = answer.getheader("Content-Length") if self.command == "HEAD" else None
        connection.close()
        self._answer(answer.status, headers, content, length, cut=fault == "cut")

    def _answer(
        self,
        status: int,
        headers: dict[str, str],
        content: bytes,
        length: str | None = None,
        *,
        cut: bool = False,
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", length or str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: len(content) // 2] if cut else content)
        self.close_connection = self.close_connection or cut

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _handle  # noqa: N815 - http.server's names


_OWN = {"content-length", "transfer-encoding", "connection", "date", "server"}
