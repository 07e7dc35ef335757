"""`make install-chatterbox`: add Chatterbox in the way that fits this machine, and say which.

The upstream way is the extra `chatterbox`, with the versions that its authors pinned: torch 2.6 for
CUDA 12. It has no kernels for cards of compute capability 10 and up (RTX 50), and on a machine
without an NVIDIA card most of its 3.2 GB are of no use. The light way installs the same
chatterbox-tts without its dependency list, and only what it needs to speak.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parent.parent
TORCH = "torch==2.13.0"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
NEWEST_OF_TORCH_2_6 = 9.0  # compute capability; Hopper
# The last two are imported by the multilingual model only when it reads Japanese and Chinese.
IMPORTS = "import chatterbox.tts, chatterbox.mtl_tts, pykakasi, spacy_pkuseg"
UPSTREAM_PYTHON = (3, 13)  # the pinned NumPy 1 has no wheels from here on

WAYS = {
    "upstream": "the upstream-pinned way: torch 2.6 with CUDA 12, about 3.2 GB",
    "cuda": "the light way with the current CUDA build of torch, about 3 GB",
    "cpu": "the light way with a CPU build of torch, about 1 GB",
}


def main() -> None:
    """Choose, say what and why, install, and try the import."""
    parser = argparse.ArgumentParser(prog="make install-chatterbox", description=__doc__)
    parser.add_argument("--way", choices=("auto", *WAYS), default="auto")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and stop")
    arguments = parser.parse_args()
    way, reason = (
        choose(compute_capability()) if arguments.way == "auto" else (arguments.way, "as asked")
    )
    print(f"Chatterbox: {WAYS[way]} ({reason}).", flush=True)
    if arguments.dry_run:
        return
    if way == "upstream":
        pip("--editable", f"{ROOT}[chatterbox]")
    else:
        install_light(way)
    subprocess.run([sys.executable, "-c", IMPORTS], check=True)
    print("Chatterbox is installed. Try it: mynah check", flush=True)


def choose(
    capability: float | None, python: tuple[int, int] = sys.version_info[:2]
) -> tuple[str, str]:
    """Return the way for a card of this compute capability (None: no card), and the reason."""
    if capability is None:
        return "cpu", "there is no NVIDIA card"
    if capability > NEWEST_OF_TORCH_2_6:
        return "cuda", f"torch 2.6 has no kernels for compute capability {capability:g}"
    if python >= UPSTREAM_PYTHON:
        return "cuda", f"the upstream pins do not install on Python {python[0]}.{python[1]}"
    return "upstream", f"an NVIDIA card of compute capability {capability:g}"


def compute_capability() -> float | None:
    """Return the compute capability of the newest NVIDIA card, None without one."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    run = subprocess.run(
        [program, "--query-gpu=compute_cap", "--format=csv,noheader"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    values = [line.strip() for line in run.stdout.splitlines() if line.strip()]
    return max(map(float, values)) if run.returncode == 0 and values else None


def install_light(way: str) -> None:
    """Install torch, then Chatterbox without its dependency list, then what it uses."""
    if way == "cpu" and platform.system() == "Linux":
        install_cpu_torch()
    else:
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
