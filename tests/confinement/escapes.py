"""Ways out of a worker, each tried by a function that returns what it got.

They run in the worker. What they have to be told about the outside is passed by `Outside`.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.confinement.libc import MACHINES, machine, prctl, syscall
from bot.confinement.seccomp import ALL

PTRACE_ATTACH, PTRACE_SEIZE = 16, 0x4206
TIOCSTI = 0x5412


@dataclass(frozen=True)
class Outside:
    """What lies outside: a data directory, a configuration, a key, a listening port, a socket."""

    data: Path
    configuration: Path
    key: Path
    port: int
    socket: Path
    parent: int


def call(name: str, *arguments: object) -> int:
    number = ALL[name][MACHINES.index(machine())]
    assert number is not None
    return syscall(number, *arguments)


def connects(outside: Outside) -> object:
    with socket.create_connection(("127.0.0.1", outside.port), timeout=1) as made:
        return made.getpeername()


def sends_a_datagram(outside: Outside) -> object:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        return made.sendto(b"x", ("127.0.0.1", outside.port))


def resolves(_: Outside) -> object:
    return socket.getaddrinfo("example.com", 80)


def asks_the_kernel_about_the_network(_: Outside) -> object:
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)


def connects_to_a_unix_socket(outside: Outside) -> object:
    with socket.socket(socket.AF_UNIX) as made:
        made.connect(os.fspath(outside.socket))
        return made


def reads_the_data(outside: Outside) -> object:
    return (outside.data / "mynah.db").read_bytes()


def lists_the_data(outside: Outside) -> object:
    return list(outside.data.iterdir())


def reads_the_configuration(outside: Outside) -> object:
    return outside.configuration.read_text()


def reads_the_key(outside: Outside) -> object:
    return outside.key.read_text()


def reads_passwords(_: Outside) -> object:
    return Path("/etc/shadow").read_text()


def reads_accounts(_: Outside) -> object:
    return Path("/etc/passwd").read_text()


def reads_through_the_root_of_the_parent(outside: Outside) -> object:
    return Path(f"/proc/{outside.parent}/root{outside.key}").read_text()


def reads_through_its_own_root(outside: Outside) -> object:
    return Path(f"/proc/self/root{outside.key}").read_text()


def reads_the_environment_of_the_parent(outside: Outside) -> object:
    return Path(f"/proc/{outside.parent}/environ").read_bytes()


def reads_the_memory_of_the_parent(outside: Outside) -> object:
    return Path(f"/proc/{outside.parent}/mem").open("rb")


def follows_a_link(outside: Outside) -> object:
    return Path(f"/usr/lib/../..{outside.key}").read_text()


def reads_in_another_thread(outside: Outside) -> object:
    got: list[object] = []

    def read() -> None:
        with contextlib.suppress(OSError):
            got.append(outside.key.read_text())

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    if not got:
        raise PermissionError
    return got


def writes_beside(_: Outside) -> object:
    return Path("/tmp/mynah-escape").write_text("x")


def writes_into_the_data(outside: Outside) -> object:
    return (outside.data / "mynah.db").open("r+b")


def writes_into_its_own_code(_: Outside) -> object:
    return Path(__file__).open("a")


def deletes(outside: Outside) -> object:
    (outside.data / "mynah.db").unlink()
    return "deleted"


def renames(outside: Outside) -> object:
    return (outside.data / "mynah.db").rename(outside.data / "other")


def changes_modes(outside: Outside) -> object:
    (outside.data / "mynah.db").chmod(0o777)
    return "changed"


def changes_times(outside: Outside) -> object:
    os.utime(outside.data / "mynah.db", (0, 0))
    return "changed"


def links(outside: Outside) -> object:
    os.link(outside.key, outside.key.with_name("link"))
    return "linked"


def makes_a_folder(outside: Outside) -> object:
    (outside.data / "folder").mkdir()
    return "made"


def forks(_: Outside) -> object:
    if (child := os.fork()) == 0:
        os._exit(0)
    return child


def executes(_: Outside) -> object:
    os.execv("/bin/true", ["true"])


def runs_a_program(_: Outside) -> object:
    return subprocess.run(["/bin/true"], check=False)


def clones(_: Outside) -> object:
    if (child := call("clone", signal.SIGCHLD, 0, 0, 0, 0)) == 0:
        os._exit(0)
    return child


def clones_anew(_: Outside) -> object:
    told = (ctypes.c_uint64 * 8)(0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0)
    if (child := call("clone3", ctypes.byref(told), 64)) == 0:
        os._exit(0)
    return child


def traces_the_parent(outside: Outside) -> object:
    return call("ptrace", PTRACE_SEIZE, outside.parent, 0, 0)


def reads_memory_by_call(outside: Outside) -> object:
    return call("process_vm_readv", outside.parent, 0, 0, 0, 0, 0)


def signals_the_parent(outside: Outside) -> object:
    os.kill(outside.parent, signal.SIGCONT)
    return "signalled"


def signals_all(_: Outside) -> object:
    os.kill(-1, 0)
    return "signalled"


def signals_a_thread_of_the_parent(outside: Outside) -> object:
    return call("tgkill", outside.parent, outside.parent, 0)


def opens_the_parent(outside: Outside) -> object:
    return os.pidfd_open(outside.parent)


def limits_the_parent(outside: Outside) -> object:
    return call("prlimit64", outside.parent, 7, None, (ctypes.c_uint64 * 2)())


def hurries_the_parent(outside: Outside) -> object:
    os.setpriority(os.PRIO_PROCESS, outside.parent, 19)
    return "changed"


def opens_a_ring(_: Outside) -> object:
    return call("io_uring_setup", 1, ctypes.byref((ctypes.c_uint8 * 120)()))


def loads_bpf(_: Outside) -> object:
    return call("bpf", 0, ctypes.byref((ctypes.c_uint8 * 120)()), 120)


def asks_for_keys(_: Outside) -> object:
    return call("keyctl", 0, -3, 1, 0, 0)


def measures(_: Outside) -> object:
    return call("perf_event_open", ctypes.byref((ctypes.c_uint8 * 120)()), 0, -1, -1, 0)


def mounts(_: Outside) -> object:
    return call("mount", b"none", b"/tmp", b"tmpfs", 0, 0)


def changes_its_root(_: Outside) -> object:
    os.chroot("/tmp")
    return "changed"


def makes_a_namespace(_: Outside) -> object:
    return call("unshare", 0x10000000)


def becomes_root(_: Outside) -> object:
    os.setuid(0)
    return "root"


def types_into_the_terminal(_: Outside) -> object:
    return call("ioctl", 2, TIOCSTI, ctypes.byref(ctypes.c_char(b"x")))


def makes_shared_memory(_: Outside) -> object:
    return call("shmget", 0, 4096, 0o600)


def gets_privileges_back(_: Outside) -> object:
    prctl(24, 0)  # PR_CAPBSET_DROP, which takes CAP_SETPCAP
    return "privileged"


def says_who_is_connected(_: Outside) -> object:
    """The one socket it has leads to its parent; no descriptor may be passed over it."""
    with socket.socket(fileno=os.dup(_channel())) as channel:
        return channel.sendmsg([b""], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, b"\0\0\0\0")])


def _channel() -> int:
    for handle in range(3, 64):
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(handle)):
            return handle
    raise FileNotFoundError


WAYS: tuple[Callable[[Outside], object], ...] = tuple(
    value
    for name, value in list(globals().items())
    if callable(value)
    and getattr(value, "__module__", "") == __name__
    and not name.startswith("_")
    and name not in ("Outside", "call", "tried", "handles", "descriptors")
)


def tried(outside: Outside) -> dict[str, str]:
    """What each way came to: "refused (...)", what was got, or how it failed otherwise."""
    outcomes = {}
    for way in WAYS:
        try:
            outcomes[way.__name__] = f"got {way(outside)!r:.80}"
        except (PermissionError, socket.gaierror) as error:
            outcomes[way.__name__] = f"refused ({error})"
        except OSError as error:
            how = "refused" if error.errno == errno.ENOSYS else "failed"
            outcomes[way.__name__] = f"{how} ({error})"
    return outcomes


def descriptors() -> dict[int, int]:
    """The open descriptors and what kind of file each is."""
    found = {}
    for handle in range(256):
        with contextlib.suppress(OSError):
            found[handle] = os.fstat(handle).st_mode
    return found
