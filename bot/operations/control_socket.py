"""The socket in the data directory that a running bot answers at, whatever is configured.

`mynah status` and a container's health check ask there. Nobody but the bot's own user can. Where
several processes run the bot, each has a socket of its own.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

from storage.layout import PROCESSES_NAME, SOCKET_NAME
from storage.private import make_private_directory
from storage.process_lock import SOCKET_SUFFIX, name_of
from storage.shards import Shards

_MOST_BYTES = 100
"""Of a socket's path; the kernel takes 108, and 104 on macOS."""


def socket_path(directory: Path, shards: Shards | None) -> Path:
    """Return where the process answers that runs some shards, or all (None)."""
    if shards is None:
        return directory / SOCKET_NAME
    return directory / PROCESSES_NAME / f"{name_of(shards)}{SOCKET_SUFFIX}"


def socket_paths(directory: Path) -> list[Path]:
    """Return where processes answer, or did before they were killed."""
    others = (directory / PROCESSES_NAME).glob(f"*{SOCKET_SUFFIX}")
    by_shard = sorted(others, key=lambda path: (len(path.name), path.name))
    return [path for path in (directory / SOCKET_NAME, *by_shard) if os.path.lexists(path)]


def listening(path: Path) -> socket.socket:
    """Return a socket that listens at a path, with mode 0600 from its first moment.

    What a bot that was killed left behind is replaced.

    Raises OSError: `FileExistsError` where a running bot answers there, or where it is no socket.
    """
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        make_private_directory(path.parent)
        _remove_stale(path)
        with contextlib.suppress(OSError):  # Linux gives the file this mode; macOS refuses
            os.fchmod(channel.fileno(), 0o600)
        with _short(path) as short:
            channel.bind(short)
        path.chmod(0o600)  # for systems that go by the umask
        channel.listen()
        channel.setblocking(False)
    except BaseException:
        channel.close()
        raise
    return channel


def remove(path: Path) -> None:
    """Remove a socket that was listened at."""
    path.unlink(missing_ok=True)


def connected(path: Path, seconds: float) -> socket.socket:
    """Return a connection to the process that answers at a path. Raises OSError."""
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    channel.settimeout(seconds)
    try:
        with _short(path) as short:
            channel.connect(short)
    except BaseException:
        channel.close()
        raise
    return channel


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise FileExistsError(f"{path} is no socket")
    with contextlib.suppress(ConnectionRefusedError), connected(path, 1.0):
        raise FileExistsError(f"another bot answers at {path}")
    path.unlink(missing_ok=True)


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """Yield a path to the socket that the kernel takes, however long the directory's is."""
    whole = os.fspath(path.absolute())
    if len(os.fsencode(whole)) <= _MOST_BYTES:
        yield whole
        return
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{path.name}"
    finally:
        os.close(descriptor)
