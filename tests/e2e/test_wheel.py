"""The wheel: all that is in the tree, and a program that works where the checkout is not."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.e2e.test_demo import recognise, share_found
from tools.release.contents import faults, in_tree, in_wheel, wheel_in
from tools.release.version import DISTRIBUTION, version
from tools.release.wheel_tests import install, without_packages

ROOT = Path(__file__).parents[2]
TEXT = "We will go to the market, and buy some bread for the children."


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel made of a copy of the tree, so that nothing is left in it."""
    folder = tmp_path_factory.mktemp("wheel")
    tree = without_packages(folder / "tree")
    for name in in_tree():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes((ROOT / name).read_bytes())
    words = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", *words, str(tree)], check=True)
    return wheel_in(folder)


@pytest.fixture(scope="module")
def program(wheel: Path) -> Path:
    """`mynah` in an environment that has nothing but the wheel; what it needs is lent by ours."""
    directory = wheel.parent / "environment"
    venv.create(directory, with_pip=True)
    install(directory / "bin" / "python", wheel)
    return directory / "bin" / "mynah"


def run(program: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    # A path has no .pth files, so the editable install of the checkout is not lent.
    lent = {"PYTHONPATH": sysconfig.get_path("purelib")}
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("MYNAH_", "DISCORD_"))}
    return subprocess.run(
        [program, *words],
        cwd=folder,
        env={**kept, **lent},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_holds_what_the_tree_does(wheel: Path) -> None:
    assert faults(in_tree(), in_wheel(wheel)) == []
    assert wheel.name == f"{DISTRIBUTION.replace('-', '_')}-{version()}-py3-none-any.whl"


def test_the_program_tells_its_version(program: Path, tmp_path: Path) -> None:
    assert run(program, tmp_path, "--version").stdout == f"mynah, version {version()}\n"


def test_the_demo_of_the_wheel_speaks(program: Path, tmp_path: Path) -> None:
    shown = run(program, tmp_path, "demo", "--text", TEXT, "-o", "heard.wav")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert share_found(TEXT, recognise(tmp_path / "heard.wav")) > 0.6
    assert [path.name for path in tmp_path.iterdir()] == ["heard.wav"]
