"""What the device can do: the precision it is quick in, and how many sentences it has room for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from bot.errors import EngineDeadError
from bot.speech.types import FlowPrecision, Precision

MAX_SLOTS = {"cuda": 8, "mps": 4, "cpu": 4}
"""Beyond, a step takes longer than it saves. A GPU computes all of them in every step."""

_SHARE_OF_FREE_MEMORY = 0.5
_MEMORY = Path("/proc/meminfo")
_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUPS = Path("/proc/self/cgroup")
_GROUP_FILES = (
    ("memory.max", "memory.current", "inactive_file"),
    # version 1, in which no limit is a number that no machine has
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
_UNKNOWN = 16 * 1024**3  # where nobody tells, it is tried


def choose_precision(torch: Any, device: str, wanted: Precision) -> Any:
    """Return the torch dtype that T3 computes in on a GPU; for a CPU see `cpu.choose_numbers`.

    By itself: bfloat16 on a GPU that has it, float16 on one that has not, else float32. Raises
    `EngineDeadError` for 8 bits.
    """
    if wanted == "int8":
        raise EngineDeadError(
            f'[engine] precision = "int8" is for a CPU, and this engine runs on {device}. '
            'Set it to "auto".'
        )
    if wanted == "auto":
        wanted = "fp32"
        if device.startswith("cuda"):
            wanted = "bf16" if torch.cuda.get_device_capability(device)[0] >= 8 else "fp16"
    return {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[wanted]


def describe_precision(dtype: Any, flow: FlowPrecision = "auto") -> str:
    """Return what people are told of T3's torch dtype on a GPU. flow: what S3Gen was to be in."""
    names = {"torch.float32": "fp32", "torch.bfloat16": "bf16", "torch.float16": "fp16"}
    ignored = f' (flow_precision = "{flow}" is for a CPU)' if flow == "bf16" else ""
    return f"T3 in {names[str(dtype)]}, S3Gen in fp32{ignored}"


def choose_slots(torch: Any, device: str, slot_bytes: int) -> int:
    """Return how many slots of the key-value cache fit into half of the free memory; at least 1."""
    most = MAX_SLOTS[device.split(":")[0]]
    return max(1, min(most, int(free_bytes(torch, device) * _SHARE_OF_FREE_MEMORY) // slot_bytes))


def free_bytes(torch: Any, device: str) -> int:
    """Return the bytes that this process can still have on the device."""
    if device.startswith("cuda"):
        # torch keeps what was freed for itself; the driver counts that as taken.
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0] + kept)
    return available_memory()


def trouble_with(torch: Any, device: str) -> str:
    """Return why torch cannot compute on a CUDA device; "" where it can.

    A device that torch lists may be broken, held by another program alone, or one that this build
    of torch has no kernels for.
    """
    try:
        # No matrix product: cuBLAS would be loaded before the engine has said how it is to round.
        float((torch.ones(8, device=device) + 1).sum())
    except (RuntimeError, AssertionError) as error:
        return next(iter(str(error).splitlines()), "") or type(error).__name__
    return ""


def available_memory(
    memory: Path = _MEMORY, groups: Path = _GROUPS, own: Path = _OWN_GROUPS
) -> int:
    """Return the bytes of main memory that can be had without swapping.

    memory: Linux's report of the machine. groups: where control groups are mounted, of version 1
    (memory's then in `memory/`) or 2. own: Linux's list of this process's groups; those above them
    bound it, too. What files occupy only until somebody needs it counts as available.
    """
    if not memory.is_file():
        return _free_pages()
    fields = {line.split(":")[0]: line.split() for line in memory.read_text().splitlines()}
    available = int(fields["MemAvailable"][1]) * 1024
    left = [_left_to(group) for group in _groups_of(own, groups)]
    return min([available, *(size for size in left if size is not None)])


def slot_bytes(t3: Any, context: int, dtype: Any) -> int:
    """Return the bytes of the key-value cache of one sentence in `dtype`."""
    rows = 1 if t3.is_gpt else 2
    layers = t3.cfg.num_hidden_layers
    return int(2 * layers * rows * context * t3.cfg.hidden_size * dtype.itemsize)


def _groups_of(own: Path, mounted: Path) -> Iterator[Path]:
    """Yield the directories of the groups that bound this process's memory, and of those above.

    A container may see its own group as the root, and in the list a path that is not there.
    """
    try:
        lines = own.read_text().splitlines()
    except OSError:
        lines = ["0::/"]
    for _, controllers, path in (line.split(":", 2) for line in lines):
        if controllers and "memory" not in controllers.split(","):
            continue
        root = mounted / "memory" if controllers else mounted
        group = PurePosixPath(path.lstrip("/"))
        above = () if ".." in group.parts else (group, *group.parents)
        yield from dict.fromkeys((*(root / directory for directory in above), root))


def _left_to(group: Path) -> int | None:
    """Return the bytes that a control group has left; None without a limit, or such a group."""
    for limit_name, used_name, files in _GROUP_FILES:
        try:
            limit, used = ((group / name).read_text().strip() for name in (limit_name, used_name))
            statistics = dict(map(str.split, (group / "memory.stat").read_text().splitlines()))
        except OSError:
            continue
        if limit != "max":
            return max(0, int(limit) - int(used) + int(statistics.get(files, 0)))
    return None


def _free_pages() -> int:
    # macOS tells only how much there is, and makes room by itself.
    for pages in ("SC_AVPHYS_PAGES", "SC_PHYS_PAGES"):
        if pages in getattr(os, "sysconf_names", ()):
            return os.sysconf(pages) * os.sysconf("SC_PAGE_SIZE")
    return _UNKNOWN
