"""The container's scripts in a clean directory, and the program that they leave: opt-in, minutes.

There is no container here. The steps are those of the Dockerfile, on this machine's Debian.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "deploy" / "container"
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
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that goes into the image as /opt/mynah."""
    folder = tmp_path_factory.mktemp("build")
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name in filter(in_context, tracked):
        target = folder / "src" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    prefix = folder / "opt"
    subprocess.run([SCRIPTS / "install.sh", folder / "src", prefix, ENGINE], check=True)
    shutil.rmtree(folder / "src")
    print(f"\n{ENGINE}: {size(prefix) / 1e6:.0f} MB of files in /opt/mynah")
    return prefix


def run(prefix: Path, *command: str, read_only: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the installed program with nothing of this environment, where asked on a read-only file
    system.
    """
    folder = prefix.parent
    environment = {
        "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MYNAH_STORAGE__DIRECTORY": str(folder / "root" / "data" / "mynah"),
        "NUMBA_CACHE_DIR": str(folder / "root" / "data" / "cache" / "numba"),
    }
    words = [str(prefix / "bin" / "mynah"), *command]
    if read_only:
        seal = f"mount --bind {prefix} {prefix} && mount -o remount,bind,ro {prefix} && exec "
        words = [
            "unshare",
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            f'{seal} "$@"',
            "-",
            *words,
        ]
    return subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False
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


def test_the_program_works_on_a_read_only_file_system(prepared: Path) -> None:
    words = ["check", "--offline"] + (["--no-engine"] if ENGINE != "piper" else [])
    told = run(prepared, *words, read_only=True)
    assert told.returncode == 0, told.stdout + told.stderr
    before = {path for path in prepared.rglob("*") if path.suffix == ".pyc"}
    assert before


def test_the_container_has_no_engine_that_it_was_not_asked_for(installed: Path) -> None:
    names = {path.name.split("-")[0] for path in installed.rglob("*.dist-info")}
    assert ("piper_tts" in names) == (ENGINE == "piper")
    assert ("chatterbox_tts" in names) == (ENGINE != "piper")
