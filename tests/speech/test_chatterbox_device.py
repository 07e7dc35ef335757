"""Which devices there are, and how much memory there is to have."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy
import pytest

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox.device import available_memory, describe_precision
from bot.speech.engines.chatterbox.stock import choose_device, import_package
from bot.speech.models import MODELS
from bot.speech.types import FlowPrecision

ROOT = Path(__file__).parents[2]
MACHINE = "MemTotal:  8000 kB\nMemFree:  100 kB\nMemAvailable:  5000 kB\n"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    path = tmp_path / "meminfo"
    path.write_text(MACHINE)
    return path


def group(
    directory: Path, limit: str, used: int, files: int, *, version: int = 2, at: str = "/"
) -> tuple[Path, Path]:
    """A control group at a path below a new root; return the root and the list of own groups."""
    root = directory / "groups"
    own = root / ("memory" if version == 1 else "") / at.strip("/")
    own.mkdir(parents=True, exist_ok=True)
    names = {1: ("limit_in_bytes", "usage_in_bytes"), 2: ("max", "current")}[version]
    for name, value in zip(names, (limit, used), strict=True):
        (own / f"memory.{name}").write_text(f"{value}\n")
    key = "total_inactive_file" if version == 1 else "inactive_file"
    (own / "memory.stat").write_text(f"anon 1\n{key} {files}\n")
    return root, groups_of(directory, "/", version)


def groups_of(directory: Path, path: str, version: int) -> Path:
    """Linux's list of a process's control groups."""
    memory = f"4:memory:{path}\n0::/" if version == 1 else f"0::{path}"
    listed = directory / "cgroup"
    listed.write_text(f"9:name=systemd:/\n7:cpu,cpuacct:/elsewhere\n{memory}\n")
    return listed


def no_groups(directory: Path) -> tuple[Path, Path]:
    return directory / "none", directory / "none"


def test_what_files_occupy_can_be_had(machine: Path, tmp_path: Path) -> None:
    assert available_memory(machine, *no_groups(tmp_path)) == 5000 * 1024


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("limit", "used", "files", "available"),
    [
        ("3000000", 1_000_000, 200_000, 2_200_000),
        ("99999999", 0, 0, 5000 * 1024),
        ("1000", 2000, 0, 0),
        ("9223372036854771712", 7, 0, 5000 * 1024),  # none, in version 1
    ],
)
def test_a_container_has_no_more_than_its_limit(
    machine: Path, tmp_path: Path, limit: str, used: int, files: int, available: int, version: int
) -> None:
    groups = group(tmp_path, limit, used, files, version=version)
    assert available_memory(machine, *groups) == available


def test_no_limit_is_none(machine: Path, tmp_path: Path) -> None:
    assert available_memory(machine, *group(tmp_path, "max", 7, 0)) == 5000 * 1024


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("limited", "own", "available"),
    [
        ("/system.slice/mynah.service", "/system.slice/mynah.service", 3_000_000),
        ("/system.slice", "/system.slice/mynah.service", 3_000_000),
        ("/system.slice/other.service", "/system.slice/mynah.service", 5000 * 1024),
        # as a container sees it: its own group is the root, and the host's path is not there
        ("/", "/docker/0123", 3_000_000),
        ("/", "/../../init.scope", 3_000_000),
    ],
)
def test_the_limits_of_its_own_group_and_of_those_above_count(
    machine: Path, tmp_path: Path, limited: str, own: str, available: int, version: int
) -> None:
    root, _ = group(tmp_path, "3000000", 0, 0, version=version, at=limited)
    listed = groups_of(tmp_path, own, version)
    assert available_memory(machine, root, listed) == available


def test_this_machine_has_some() -> None:
    assert available_memory() > 0


def test_elsewhere_what_the_system_calls_free_counts(tmp_path: Path) -> None:
    assert available_memory(tmp_path / "none", *no_groups(tmp_path)) > 0


def torch_with(cards: int, *, mps: bool = False, broken: tuple[str, ...] = ()) -> SimpleNamespace:
    """As much of torch as says which devices there are; a test machine has but its own.

    broken: devices that it lists and has no kernels for.
    """

    def ones(count: int, *, device: str) -> Any:
        if device in broken:
            raise RuntimeError("CUDA error: no kernel image is available\nand more")
        return numpy.ones(count)

    cuda = SimpleNamespace(is_available=lambda: cards > 0, device_count=lambda: cards)
    backends = SimpleNamespace(mps=SimpleNamespace(is_available=lambda: mps))
    return SimpleNamespace(cuda=cuda, backends=backends, ones=ones)


@pytest.mark.parametrize(
    ("cards", "mps", "chosen"), [(2, False, "cuda"), (0, True, "mps"), (0, False, "cpu")]
)
def test_the_quickest_device_is_chosen(cards: int, mps: bool, chosen: str) -> None:
    assert choose_device(torch_with(cards, mps=mps), "auto") == chosen


@pytest.mark.parametrize("wanted", ["cuda", "cuda:1", "cpu"])
def test_a_device_that_is_there_is_taken(wanted: str) -> None:
    assert choose_device(torch_with(2), wanted) == wanted


@pytest.mark.parametrize(("cards", "wanted"), [(0, "cuda"), (1, "cuda:1"), (1, "mps")])
def test_a_device_that_is_not_there_is_an_error(cards: int, wanted: str) -> None:
    with pytest.raises(EngineDeadError, match=f"no device '{wanted}'.*, but .*cpu.* or to"):
        choose_device(torch_with(cards), wanted)


@pytest.mark.parametrize("wanted", ["cuda", "cuda:0"])
def test_a_card_that_torch_has_no_kernels_for_is_an_error_that_says_so(wanted: str) -> None:
    torch = torch_with(2, broken=("cuda", "cuda:0"))
    with pytest.raises(
        EngineDeadError,
        match=rf"compute on '{wanted}' \(CUDA error: no kernel image.*available\)\.",
    ):
        choose_device(torch, wanted)


@pytest.mark.parametrize(
    ("broken", "chosen"),
    [(("cuda", "cuda:0"), "cuda:1"), (("cuda", "cuda:0", "cuda:1"), "cpu"), ((), "cuda")],
)
def test_by_itself_such_a_card_is_passed_over(
    broken: tuple[str, ...], chosen: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert choose_device(torch_with(2, broken=broken), "auto") == chosen
    assert len(caplog.records) == len(broken)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Write a module of a line that can be imported; return its name."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(line: str) -> str:
        name = f"torch_of_test_{len(list(tmp_path.iterdir()))}"
        (tmp_path / f"{name}.py").write_text(line)
        importlib.invalidate_caches()
        return name

    return write


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "raise OSError('libcudnn.so.9: cannot open\\nmore')",
            r"OSError: libcudnn\.so\.9: .*open\)",
        ),
        ("raise RuntimeError('torchvision::nms does not exist')", "RuntimeError: torchvision"),
        ("raise ValueError('numpy.dtype size changed')", "ValueError: numpy"),
    ],
)
def test_a_broken_package_is_to_be_installed_anew(
    line: str, told: str, package: Callable[[str], str]
) -> None:
    with pytest.raises(
        EngineDeadError, match=rf"cannot be imported \({told}.*remove \.venv and run `make inst"
    ):
        import_package(package(line))


def test_the_models_are_listed_where_torch_is_broken(tmp_path: Path) -> None:
    for name in ("torch", "chatterbox"):
        (tmp_path / f"{name}.py").write_text("raise OSError('libcudnn.so.9: not there')\n")
    script = (
        "from bot.speech.model_worker import survey\n"
        "from bot.speech.types import EngineSpec\n"
        "found = survey(EngineSpec(auto_model=True))\n"
        "print(len(found.models), found.choice, found.problem)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))}
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.startswith(
        f"{len(MODELS)} None The engine chatterbox is installed, but torch"
    )


def test_a_package_that_is_not_there_is_to_be_installed() -> None:
    with pytest.raises(
        EngineDeadError, match=r"not installed completely \(No module named.*Install"
    ):
        import_package("torch_that_is_not_there")


@pytest.mark.parametrize(
    ("flow", "said"),
    [
        ("bf16", 'T3 in bf16, S3Gen in fp32 (flow_precision = "bf16" is for a CPU)'),
        ("fp32", "T3 in bf16, S3Gen in fp32"),
        ("auto", "T3 in bf16, S3Gen in fp32"),
    ],
)
def test_it_is_told_that_a_gpu_does_not_round_s3gen(flow: FlowPrecision, said: str) -> None:
    assert describe_precision("torch.bfloat16", flow) == said
