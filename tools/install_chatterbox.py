"""`make install-chatterbox`: add Chatterbox in the way that fits this machine, and say which.

The upstream way is the extra `chatterbox`, with the versions that its authors pinned: torch 2.6 for
CUDA 12. It has no kernels for cards of compute capability 10 and up (RTX 50), and on a machine
without an NVIDIA card most of its 3.2 GB are of no use. The light way installs the same
chatterbox-tts without its dependency list, and only what it needs to speak. Its current torch for
CUDA 13 has no kernels for cards below compute capability 7.5 (GTX 10, V100) and needs driver 580.
Where both fit, it is the quicker one: torch 2.6 computes a norm in seven kernels, this one in one.
"""

from __future__ import annotations

import argparse
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
TORCH = "torch==2.13.0"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
# The last two are imported by the multilingual model only when it reads Japanese and Chinese.
IMPORTS = "import chatterbox.tts, chatterbox.mtl_tts, pykakasi, spacy_pkuseg"
NEXT_PYTHON = (3, 14)  # from here on the upstream pins ask for the current torch, too
OLDEST_OF_TORCH_2_6, NEWEST_OF_TORCH_2_6 = 5.0, 9.0  # compute capability: Maxwell, Hopper
OLDEST_OF_CUDA_13 = 7.5  # Turing
DRIVER_OF_CUDA_13 = 580

WAYS = {
    "upstream": "the upstream-pinned way: torch 2.6 with CUDA 12, about 3.2 GB",
    "cuda": "the light way with the current CUDA 13 build of torch, about 3 GB",
    "cpu": "the light way with a CPU build of torch, about 1 GB",
}
NEEDS = {
    "upstream": "compute capability 5.0 to 9.0 and driver 525 or newer",
    "cuda": "compute capability 7.5 or higher and driver 580 or newer",
}
# `torch.cuda.is_available()` does not know whether torch has kernels for the card; computing does.
COMPUTE_ON_CARD = """
import sys, torch
try:
    float((torch.ones(8, device="cuda") + 1).sum())
    print(torch.cuda.get_device_name())
except (RuntimeError, AssertionError) as error:
    sys.exit(str(error).strip().partition("\\n")[0])
"""


def main() -> None:
    """Choose, say what and why, install, and try the import."""
    parser = argparse.ArgumentParser(prog="make install-chatterbox", description=__doc__)
    parser.add_argument("--way", choices=("auto", *WAYS), default="auto")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and stop")
    arguments = parser.parse_args()
    way, reason = (
        choose(*graphics_card()) if arguments.way == "auto" else (arguments.way, "as asked")
    )
    print(f"Chatterbox: {WAYS[way]} ({reason}).", flush=True)
    if arguments.dry_run:
        return
    if way == "upstream":
        pip("--editable", f"{ROOT}[chatterbox]")
    else:
        install_light(way)
    subprocess.run([sys.executable, "-c", IMPORTS], check=True)
    print(closing_words(way), flush=True)


def choose(
    capability: float | None, driver: int | None, python: tuple[int, int] = sys.version_info[:2]
) -> tuple[str, str]:
    """Return the way for a card of this compute capability (None: no card), and the reason.

    driver: its major version, None where it is not told. Exits where only a way fits that this
    Python does not have.
    """
    if capability is None:
        return "cpu", "nvidia-smi finds no NVIDIA card"
    card = f"compute capability {capability:g}"
    if capability > NEWEST_OF_TORCH_2_6:
        return "cuda", f"torch 2.6 has no kernels for {card}"
    if capability < OLDEST_OF_TORCH_2_6:
        return "cpu", f"no torch here has kernels for {card}"
    if capability < OLDEST_OF_CUDA_13:
        return _only_upstream(capability, python)
    if driver is not None and driver >= DRIVER_OF_CUDA_13:
        return "cuda", f"an NVIDIA card of {card} with driver {driver}"
    if python >= NEXT_PYTHON:
        return "cuda", f"there is no torch 2.6 for Python {python[0]}.{python[1]}"
    told = "an unknown driver" if driver is None else f"driver {driver}"
    return "upstream", (
        f"an NVIDIA card of {card} with {told}; from {DRIVER_OF_CUDA_13} on there is a quicker one"
    )


def _only_upstream(capability: float, python: tuple[int, int]) -> tuple[str, str]:
    if python < NEXT_PYTHON:
        return "upstream", f"torch for CUDA 13 has no kernels for compute capability {capability:g}"
    sys.exit(
        f"A card of compute capability {capability:g} needs torch 2.6, which needs Python 3.11 "
        f"to 3.13; this is Python {python[0]}.{python[1]}. Remove .venv and name another one: "
        "make install-chatterbox PYTHON=python3.13. To do without the card: "
        'make install-chatterbox ARGS="--way cpu"'
    )


def graphics_card() -> tuple[float | None, int | None]:
    """Return the compute capability of the newest NVIDIA card and the driver's major version; None
    for what nvidia-smi does not tell.
    """
    program = shutil.which("nvidia-smi")
    if program is None:
        return None, None
    run = subprocess.run(
        [program, "--query-gpu=compute_cap,driver_version", "--format=csv,noheader"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    cards = re.findall(r"^\s*(\d+\.\d+)\s*(?:,\s*(\d+)\.[\d.]+)?", run.stdout, re.MULTILINE)
    if not cards:
        said = " ".join((run.stdout + run.stderr).split()) or f"nothing, exit code {run.returncode}"
        print(f"nvidia-smi tells of no card that can be used: {said}", file=sys.stderr)
        return None, None
    capability, driver = max(cards, key=lambda card: float(card[0]))
    return float(capability), int(driver) if driver else None


def closing_words(way: str) -> str:
    """Return what to tell after installing. Without a usable card that is no failure: an image
    can be built on a machine that has none, and a new driver needs no new installation.
    """
    if way not in NEEDS:
        return "Chatterbox is installed. Try it: mynah check"
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", COMPUTE_ON_CARD],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = (run.stderr if run.returncode else run.stdout).strip().splitlines()
    if run.returncode == 0:
        return f"Chatterbox is installed, and torch computes on {said[-1]}. Try it: mynah check"
    return (
        "Chatterbox is installed, but torch cannot compute on an NVIDIA card here "
        f"({said[-1] if said else f'exit code {run.returncode}'}). As it is, Chatterbox speaks on "
        f"the CPU, many times slower than speech, or not at all. This way needs {NEEDS[way]}; "
        "`nvidia-smi` shows the driver. After a new driver, nothing has to be installed again: "
        "try mynah check"
    )


def install_light(way: str) -> None:
    """Install torch, then Chatterbox without its dependency list, then what it uses."""
    if way == "cpu" and platform.system() == "Linux":
        install_cpu_torch()
    else:
        if way == "cuda":
            remove_cpu_torch()
        pip(TORCH)
    pip("--require-hashes", "-r", str(ROOT / "requirements" / "chatterbox.txt"))
    pip("--require-hashes", "--no-deps", "-r", str(ROOT / "requirements" / "chatterbox-nodeps.txt"))
    if way == "cpu":
        remove_cuda_extension()


def install_cpu_torch() -> None:
    """Take the CPU build where pip finds one by itself, else from PyTorch's own index."""
    build = f"{TORCH}+cpu"
    if pip(build, check=False) != 0:
        pip(build, "--index-url", CPU_INDEX)


def remove_cpu_torch() -> None:
    """Remove a CPU build, which pip would take for the CUDA build of the same version."""
    if any(found.version.endswith("+cpu") for found in distributions(name="torch")):
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
        subprocess.run([*command, "uninstall", "--yes", "torch"], check=True)


def remove_cuda_extension() -> None:
    """Remove torchaudio's extension, which links CUDA; Chatterbox uses its pure Python parts."""
    library = Path(sysconfig.get_paths()["purelib"]) / "torchaudio" / "lib"
    for extension in library.glob("_torchaudio*.so"):
        extension.unlink()


def pip(*arguments: str, check: bool = True) -> int:
    """Run `pip install`; return its exit code."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    run = subprocess.run(
        [*command, "--no-compile", *arguments], check=check, capture_output=not check
    )
    return run.returncode


if __name__ == "__main__":
    main()
