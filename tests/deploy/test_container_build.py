"""The container's scripts in a clean directory, and the program that they leave: opt-in, minutes.

There is no container here. The steps are those of the Dockerfile, on this machine's Debian.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "deploy" / "container"
SYSTEM_PYTHON = "/usr/bin/python3"
AS_USER = ["setpriv", "--reuid=10001", "--regid=10001", "--clear-groups", "--no-new-privs",
           "--inh-caps=-all", "--bounding-set=-all"]  # fmt: skip
ENGINE = os.environ.get("CONTAINER_ENGINE", "piper")

pytestmark = [pytest.mark.container, pytest.mark.timeout(3600)]


def in_context(path: str) -> bool:
    """Whether `.dockerignore` lets a tracked file into the build."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = [line[1:] for line in lines if line.startswith("!")]
    return any(fnmatchcase(path, name) or path.startswith(f"{name}/") for name in allowed)


def size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


@pytest.fixture(scope="module")
def installed() -> Iterator[Path]:
    """The folder that goes into the image as /opt/mynah, where the container's user can look."""
    with tempfile.TemporaryDirectory(prefix="mynah-container-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        context = folder / "src"
        copy_context(context)
        environment = {**os.environ, "PYTHON": SYSTEM_PYTHON}
        words = [SCRIPTS / "install.sh", context, folder / "opt", ENGINE]
        subprocess.run(words, env=environment, check=True)
        shutil.rmtree(context)
        print(f"\n{ENGINE}: {size(folder / 'opt') / 1e6:.0f} MB of files in /opt/mynah")
        yield folder / "opt"


def copy_context(folder: Path) -> None:
    """What a build is given."""
    listing = ["git", "ls-files"]
    tracked = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(in_context, tracked.splitlines()):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)


def run(prefix: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run the installed program with nothing of this environment.

    Root runs it as the container does: by its user, with no privileges, on a read-only file system.
    """
    folder = prefix.parent
    environment = {
        "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
        "HOME": str(folder / "root" / "data"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MYNAH_STORAGE__DIRECTORY": str(folder / "root" / "data" / "mynah"),
        "NUMBA_CACHE_DIR": str(folder / "root" / "data" / "cache" / "numba"),
    }
    words = [str(prefix / "bin" / "mynah"), *command]
    if os.geteuid() == 0:
        seal = f"mount --bind {prefix} {prefix} && mount -o remount,bind,ro {prefix}"
        words = ["unshare", "--mount", "sh", "-c", f'{seal} && exec "$@"', "-", *AS_USER, *words]
    return subprocess.run(
        words, cwd="/", env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def prepared(installed: Path) -> Path:
    """The same, with the directories of the running stage."""
    if os.geteuid() != 0:
        pytest.skip("only root gives directories to the container's user")
    subprocess.run([SCRIPTS / "prepare.sh", installed.parent / "root"], check=True)
    return installed


def test_the_program_tells_its_version(installed: Path) -> None:
    told = run(installed, "--version")
    assert told.stdout.startswith("mynah, version ")


def test_the_directories_are_the_users_alone(prepared: Path) -> None:
    for name in ("data", "models"):
        status = (prepared.parent / "root" / name).stat()
        assert (status.st_uid, status.st_mode & 0o777) == (10001, 0o700)


def test_the_program_works_as_the_containers_user_does(prepared: Path) -> None:
    words = ["check", "--offline"] + (["--no-engine"] if ENGINE != "piper" else [])
    told = run(prepared, *words)
    assert told.returncode == 0, told.stdout + told.stderr
    assert any(prepared.rglob("*.pyc"))  # nobody can write byte code there


def test_the_container_has_no_engine_that_it_was_not_asked_for(installed: Path) -> None:
    names = {path.name.split("-")[0] for path in installed.rglob("*.dist-info")}
    assert ("piper_tts" in names) == (ENGINE == "piper")
    assert ("chatterbox_tts" in names) == (ENGINE != "piper")
