"""`make test-wheel`: the tests with the wheel in an empty environment, and not with the checkout.

    python -m tools.release.wheel_tests [--environment DIRECTORY] [PYTEST ARGUMENTS ...]

What the tests need beside the packages (tests, tools, benchmarks, docs, lock files) is copied to a
folder where the packages are not, so that what is imported can only be the wheel's.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from tools.release.contents import PACKAGES, wheel_in
from tools.release.locks import REQUIREMENTS, ROOT

OF_THE_SOURCE = (
    "tests/test_architecture.py",
    "tests/test_command_mentions.py",
    "tests/storage/test_privacy_doc.py",
    "tests/i18n",
    "tests/operations/test_messages.py",
    "tests/release",
    "tests/test_worker_answers.py::test_only_a_child_unpickles",
)
"""Tests that read the packages' source in the checkout."""

WHERE = "import bot, cogs, loopback, storage; print(bot.__file__)"


def main() -> None:
    """Run; exit with pytest's code."""
    parser = argparse.ArgumentParser(prog="make test-wheel", description=__doc__)
    parser.add_argument("--environment", type=Path, help="one to take instead of an empty one")
    own, words = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="mynah-wheel-") as folder:
        python = environment(own.environment or Path(folder) / "environment")
        install(python, wheel_in(ROOT / "dist"))
        checkout = without_packages(Path(folder) / "checkout")
        sys.exit(run(python, checkout, words))


def environment(directory: Path) -> Path:
    """Return the Python of an environment, which is made with what the tests need if it is not
    there.
    """
    python = directory / "bin" / "python"
    if not python.exists():
        venv.create(directory, with_pip=True)
        pip(python, "--require-hashes", "-r", str(REQUIREMENTS / "dev.txt"))
    return python


def install(python: Path, wheel: Path) -> None:
    """Install the wheel anew, over one of the same version."""
    pip(python, "--no-deps", "--force-reinstall", str(wheel))


def pip(python: Path, *words: str) -> None:
    """Run `pip install`."""
    command = [python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    subprocess.run([*command, "--no-compile", *words], check=True)


def without_packages(folder: Path) -> Path:
    """Copy what git knows of the checkout, without the packages."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in names.splitlines():
        if name.split("/")[0] in PACKAGES or not (ROOT / name).is_file():
            continue
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def run(python: Path, checkout: Path, words: list[str]) -> int:
    """Run the tests there; return pytest's exit code."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    told = subprocess.run([python, "-c", WHERE], cwd=checkout, env=clean, capture_output=True,
                          text=True, check=True)  # fmt: skip
    print(f"testing {told.stdout.strip()}", flush=True)
    assert "site-packages" in told.stdout, told.stdout
    ignored = [f"--{'deselect' if '::' in name else 'ignore'}={name}" for name in OF_THE_SOURCE]
    command = [python, "-m", "pytest", "-p", "no:cacheprovider", *ignored, *words]
    return subprocess.run(command, cwd=checkout, env=clean, check=False).returncode


if __name__ == "__main__":
    main()
