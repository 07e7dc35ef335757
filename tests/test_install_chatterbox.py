"""`make install-chatterbox`: the way it chooses, what it tells. The machine around it is fake."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.install_chatterbox import choose

ROOT = Path(__file__).parent.parent
CARD_COMPUTES = """
class Tensor:
    def __init__(self, value): self.value = value
    def __add__(self, other): return Tensor(self.value + other)
    def sum(self): return self.value
def ones(size, device): return Tensor(float(size))
class cuda:
    get_device_name = staticmethod(lambda: "NVIDIA Test Card")
"""
CARD_FAILS = "def ones(size, device): raise RuntimeError('The NVIDIA driver is too old.\\nMore.')"
# It stands before the real one on the path, and writes down what it was asked for.
PIP = """
import os, sys
with open(os.environ["PIP_LOG"], "a") as log:
    print(*sys.argv[1:], file=log)
"""


@pytest.mark.parametrize(
    ("capability", "driver", "python", "way"),
    [
        (None, None, (3, 11), "cpu"),
        (3.7, 470, (3, 11), "cpu"),
        (6.1, 580, (3, 13), "upstream"),
        (7.0, 580, (3, 11), "upstream"),
        (7.5, 580, (3, 11), "cuda"),
        (8.9, 595, (3, 13), "cuda"),
        (9.0, 580, (3, 13), "cuda"),
        (7.5, 579, (3, 13), "upstream"),
        (9.0, 535, (3, 11), "upstream"),
        (8.9, None, (3, 11), "upstream"),
        (7.5, 535, (3, 14), "cuda"),
        (9.0, 580, (3, 14), "cuda"),
        (12.0, 580, (3, 11), "cuda"),
        (12.0, 570, (3, 11), "cuda"),
    ],
)
def test_way_to_install_chatterbox_fits_the_machine(
    capability: float | None, driver: int | None, python: tuple[int, int], way: str
) -> None:
    chosen, reason = choose(capability, driver, python)
    assert chosen == way
    assert reason


def test_an_older_driver_is_told_from_which_on_it_would_be_quicker() -> None:
    assert "driver 535; from 580 on there is a quicker one" in choose(8.9, 535, (3, 12))[1]


@pytest.mark.parametrize("capability", [6.1, 7.0])
def test_a_build_without_kernels_for_the_card_is_not_chosen(capability: float) -> None:
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 to 3\.13; this is Python 3\.14"):
        choose(capability, 580, (3, 14))


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.install_chatterbox", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def asked_of(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """What the program says where `nvidia-smi` is this script."""
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    return run("--dry-run", PATH=f"{folder}{os.pathsep}{os.environ['PATH']}")


QUERY = "--query-gpu=compute_cap,driver_version --format=csv,noheader"


@pytest.mark.parametrize(
    ("script", "capability"),
    [
        (f'[ "$*" = "{QUERY}" ] && echo "12.0, 580.65.06"', "12"),
        ("printf '12.0, 580.65.06\n8.6, 580.65.06\n'", "12"),
        ("printf '8.6, 580.65\n12.0, 580.65\n'", "12"),
        ("printf '[N/A], [N/A]\n  12.0 , [N/A] \n\n'", "12"),
        ("echo '12.0, 580.65'; echo 'Unable to determine the device handle'; exit 15", "12"),
    ],
)
def test_the_newest_card_that_nvidia_smi_knows_decides(
    tmp_path: Path, script: str, capability: str
) -> None:
    told = asked_of(tmp_path, script)
    assert told.returncode == 0
    assert f"no kernels for compute capability {capability})" in told.stdout
    assert told.stderr == ""


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo '8.9, 580.159.04'", "compute capability 8.9 with driver 580)"),
        ("echo '8.9, 535.183.01'", "compute capability 8.9 with driver 535;"),
        ("echo '8.9, [N/A]'", "compute capability 8.9 with an unknown driver;"),
    ],
)
def test_the_driver_is_asked_for(tmp_path: Path, script: str, said: str) -> None:
    told = asked_of(tmp_path, script)
    assert told.returncode == 0
    if sys.version_info < (3, 14):
        assert said in told.stdout


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo '[N/A], 580.65'", "[N/A], 580.65"),
        ("echo 'Driver/library version mismatch'; exit 18", "Driver/library version mismatch"),
        ("echo 'Field \"compute_cap\" is not valid' >&2; exit 2", '"compute_cap" is not valid'),
        ("exit 9", "nothing, exit code 9"),
    ],
)
def test_what_nvidia_smi_says_instead_of_a_card_is_told(
    tmp_path: Path, script: str, said: str
) -> None:
    told = asked_of(tmp_path, script)
    assert told.returncode == 0
    assert "CPU build of torch" in told.stdout
    assert "nvidia-smi finds no NVIDIA card" in told.stdout
    assert said in told.stderr


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder with modules in place of what would be installed, and of pip."""
    folder = tmp_path / "packages"
    (folder / "chatterbox").mkdir(parents=True)
    for name in ("chatterbox/__init__", "chatterbox/tts", "chatterbox/mtl_tts"):
        (folder / f"{name}.py").touch()
    for name in ("pykakasi", "spacy_pkuseg"):
        (folder / f"{name}.py").touch()
    (folder / "pip.py").write_text(PIP, encoding="utf-8")
    return folder


def install(way: str, packages: Path, torch: str) -> subprocess.CompletedProcess[str]:
    (packages / "torch.py").write_text(torch, encoding="utf-8")
    log = str(packages / "pip.log")
    # Should the real pip be found after all, it finds nothing to install.
    return run("--way", way, PYTHONPATH=str(packages), PIP_LOG=log, PIP_NO_INDEX="1")


def test_a_card_that_computes_is_named(packages: Path) -> None:
    told = install("cuda", packages, CARD_COMPUTES)
    assert told.returncode == 0, told.stderr
    assert "torch computes on NVIDIA Test Card. Try it: mynah check" in told.stdout


@pytest.mark.parametrize(
    ("way", "driver"), [("cuda", "driver 580 or newer"), ("upstream", "driver 525 or newer")]
)
def test_a_card_that_cannot_be_used_is_told_with_what_to_do(
    packages: Path, way: str, driver: str
) -> None:
    told = install(way, packages, CARD_FAILS)
    assert told.returncode == 0, told.stderr  # an image may be built where there is no card
    (line,) = told.stdout.splitlines()[1:]
    assert "cannot compute on an NVIDIA card here (The NVIDIA driver is too old.)" in line
    assert driver in line
    assert "nothing has to be installed again" in line


def test_without_a_way_for_cards_none_is_asked_for(packages: Path) -> None:
    told = install("cpu", packages, CARD_FAILS)
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines()[1:] == ["Chatterbox is installed. Try it: mynah check"]


@pytest.mark.parametrize(("build", "removed"), [("+cpu", True), ("", False)])
def test_a_cpu_build_makes_way_for_the_same_version_with_cuda(
    packages: Path, build: str, removed: bool
) -> None:
    metadata = packages / f"torch-2.13.0{build}.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text(f"Metadata-Version: 2.1\nName: torch\nVersion: 2.13.0{build}\n")
    assert install("cuda", packages, CARD_COMPUTES).returncode == 0
    asked = (packages / "pip.log").read_text(encoding="utf-8").splitlines()
    assert any("uninstall --yes torch" in line for line in asked[:1]) is removed
    assert any(line.endswith("torch==2.13.0") for line in asked)
