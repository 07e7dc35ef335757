"""Machines that share one PostgreSQL database and one bucket of an S3 server."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from bot.config_sections import StorageSettings
from storage.objects.address import ObjectAddress
from tests.servers.postgres_server import running_server
from tests.servers.s3 import KEYS, s3_server


@contextmanager
def places(machines: int) -> Iterator[list[StorageSettings]]:
    """Start both servers; yield where each machine stores, and has a data directory of its own."""
    with (
        running_server() as postgres,
        s3_server() as s3,
        tempfile.TemporaryDirectory(prefix="mynah-machines-") as folder,
    ):
        url, address = asyncio.run(postgres.create("machines")), s3.address()
        yield [place(Path(folder) / f"machine-{n}", url, address) for n in range(machines)]


def place(directory: Path, url: str | None, address: ObjectAddress) -> StorageSettings:
    """Return the configuration of one machine. url: None keeps the rows in the directory."""
    return StorageSettings(
        directory=directory,
        url=SecretStr(url) if url is not None else None,
        clips=str(address),
        clips_endpoint=address.endpoint,
        clips_region=address.region,
        clips_access_key=SecretStr(KEYS["aws_access_key_id"]),
        clips_secret_key=SecretStr(KEYS["aws_secret_access_key"]),
    )
