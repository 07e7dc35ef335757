"""A worker behind its walls tries every way out."""

from __future__ import annotations

import asyncio
import errno
import functools
import os
import socket
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from bot.confinement import Confinement, Wall, bpf, in_words, seccomp
from bot.confinement.libc import MACHINES, machine
from bot.confinement.seccomp import ALL
from bot.workers import Worker, WorkerLimits
from tests.confinement import escapes
from tests.confinement.escapes import WAYS, Outside

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has walls")

SECRET = "s3cret"


@functools.cache
def findings() -> tuple[dict[str, str], tuple[Wall, ...], dict[int, int]]:
    """What every way came to, which walls stand, and which descriptors the worker has."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_find_out(Path(folder)))


async def _find_out(folder: Path) -> tuple[dict[str, str], tuple[Wall, ...], dict[int, int]]:
    for name in ("mynah.db", "mynah.toml", "key"):
        (folder / name).write_text(SECRET)
    with socket.create_server(("127.0.0.1", 0)) as open_port, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(os.fspath(folder / "socket"))
        unix.listen()
        outside = Outside(
            folder,
            folder / "mynah.toml",
            folder / "key",
            open_port.getsockname()[1],
            folder / "socket",
            os.getpid(),
        )
        os.set_inheritable(open_port.fileno(), True)
        worker = Worker("tested worker", WorkerLimits(60), confinement=Confinement())
        try:
            found = await worker.run(escapes.tried, outside)
            return found, worker.walls, await worker.run(escapes.descriptors)
        finally:
            await worker.close()


WALL_OF = {
    "no network": ("connects", "sends_a_datagram", "resolves", "asks_the_kernel", "says_who"),
    "no file written": ("writes", "deletes", "renames", "changes", "links", "makes_a_folder"),
    "no file read": ("reads", "lists", "follows"),
    "no new process": ("forks", "executes", "runs", "clones"),
    "no privileges": ("gets_privileges",),
}
"""By how the names of the ways begin; the others are "no reach into other processes"."""


def wall_of(way: str) -> Wall:
    if way.startswith("reads_memory"):
        name = "no reach"
    else:
        names = (name for name, starts in WALL_OF.items() if way.startswith(starts))
        name = next(names, "no reach")
    return next(wall for wall in findings()[1] if wall.name.startswith(name))


@pytest.mark.parametrize("way", [way.__name__ for way in WAYS])
def test_a_way_out_is_refused(way: str) -> None:
    if not wall_of(way).stands:
        pytest.skip(str(wall_of(way)))
    assert findings()[0][way].startswith("refused"), findings()[0][way]


def test_every_way_was_tried() -> None:
    assert set(findings()[0]) == {way.__name__ for way in WAYS}
    assert len(WAYS) > 45


def test_all_walls_stand_on_a_system_that_has_them() -> None:
    _, walls, _ = findings()
    assert [wall.name for wall in walls if not wall.stands and not wall.missing] == []
    release = tuple(int(part) for part in os.uname().release.split(".")[:2])
    if release >= (5, 13) and Path("/sys/kernel/security/landlock").exists():
        assert all(wall.stands for wall in walls), walls


def test_the_worker_has_no_descriptor_but_its_connection_and_the_log() -> None:
    kinds = findings()[2]
    assert stat.S_ISCHR(kinds[0]), "standard input is /dev/null"
    others = [handle for handle in kinds if handle > 2]
    assert [stat.S_ISSOCK(kinds[handle]) for handle in others] == [True]


async def test_without_confinement_the_ways_lead_out(tmp_path: Path) -> None:
    """Or the test above could not fail."""
    (tmp_path / "key").write_text(SECRET)
    outside = Outside(tmp_path, tmp_path, tmp_path / "key", 9, tmp_path, os.getpid())
    worker = Worker("free worker", WorkerLimits(60))
    try:
        assert SECRET in str(await worker.run(escapes.reads_the_key, outside))
        assert await worker.run(escapes.makes_a_folder, outside) == "made"
        assert worker.walls == ()
    finally:
        await worker.close()


def an_old_kernel() -> None:
    """Refuse what a container or an old kernel refuses; for a child, before its walls."""
    name = machine()
    refused = [(444, bpf.refuse(errno.ENOSYS))]  # landlock_create_ruleset
    refused += [(ALL["unshare"][MACHINES.index(name)] or 0, bpf.refuse(errno.EPERM))]
    seccomp.install(bpf.assemble(name, refused, seccomp.HIGHEST))


async def test_what_the_system_lacks_is_told_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET)
    outside = Outside(tmp_path, tmp_path, tmp_path / "key", 9, tmp_path, os.getpid())
    worker = Worker("tested worker", WorkerLimits(60), an_old_kernel, confinement=Confinement())
    try:
        found = await worker.run(escapes.tried, outside)
        stand = {wall.name: wall.stands for wall in worker.walls}
        told = in_words(worker.walls)
    finally:
        await worker.close()
    assert [name for name, stands in stand.items() if not stands] == [
        "no file read but Python and its libraries"
    ]
    assert "NOT HELD here (Landlock: Function not implemented)" in told
    assert found["connects"].startswith("refused")
    assert found["writes_into_the_data"].startswith("refused")
    assert found["forks"].startswith("refused")
    assert SECRET in found["reads_the_key"]


async def test_data_that_lies_among_libraries_is_told() -> None:
    library = Path(os.__file__).parent / "json"
    worker = Worker("tested worker", WorkerLimits(60), confinement=Confinement(closed=(library,)))
    try:
        await worker.run(os.getpid)
        (reading,) = [wall for wall in worker.walls if wall.name.startswith("no file read")]
    finally:
        await worker.close()
    assert not reading.stands
    assert "which has to be readable; move it" in str(reading)
