"""What a process that holds secrets does with its own memory."""

from __future__ import annotations

import resource

LEAST = 1
"""Byte. No dump is as short, so none is written. With 0, Linux still hands one to a program where
the system names one for that; with 1 it does not (`do_coredump` in the kernel)."""


def forbid_dumps() -> None:
    """Let no crash of this process leave its memory on the disk, for good."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    bound = LEAST if hard == resource.RLIM_INFINITY else min(LEAST, hard)
    resource.setrlimit(resource.RLIMIT_CORE, (bound, bound))
