"""The socket in the data directory that a running bot answers at, whatever is configured.

`mynah status` and a container's health check ask there. Nobody but the bot's own user can.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

from storage.layout import SOCKET_NAME

_MOST_BYTES = 100
"""Of a socket's path; the kernel takes 108, and 104 on macOS."""


def listening(directory: Path) -> socket.socket:
    """Return a socket that listens in a directory, with mode 0600 from its first moment.

    What a bot that was killed left behind is replaced.

    Raises OSError: `FileExistsError` where a running bot answers there, or where it is no socket.
    """
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(directory)
        with contextlib.suppress(OSError):  # Linux gives the file this mode; macOS refuses
            os.fchmod(channel.fileno(), 0o600)
        with _short(directory) as path:
            channel.bind(path)
        (directory / SOCKET_NAME).chmod(0o600)  # for systems that go by the umask
        channel.listen()
        channel.setblocking(False)
    except BaseException:
        channel.close()
        raise
    return channel


def connected(directory: Path, seconds: float) -> socket.socket:
    """Return a connection to the bot that runs on a data directory. Raises OSError."""
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    channel.settimeout(seconds)
    try:
        with _short(directory) as path:
            channel.connect(path)
    except BaseException:
        channel.close()
        raise
    return channel


def _remove_stale(directory: Path) -> None:
    path = directory / SOCKET_NAME
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise FileExistsError(f"{path} is no socket")
    with contextlib.suppress(ConnectionRefusedError), connected(directory, 1.0):
        raise FileExistsError(f"another bot runs on {directory}")
    path.unlink(missing_ok=True)


@contextlib.contextmanager
def _short(directory: Path) -> Iterator[str]:
    """Yield a path to the socket that the kernel takes, however long the directory's is."""
    path = os.fspath(directory.absolute() / SOCKET_NAME)
    if len(os.fsencode(path)) <= _MOST_BYTES:
        yield path
        return
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET_NAME}"
    finally:
        os.close(descriptor)
