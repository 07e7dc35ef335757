"""What a child may know of this process's environment: no secret that it does not need.

The environment of a process can be read in /proc for as long as it lives, also after it removed a
variable. So secrets are left out when a child is spawned, and what one needs is told to it later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

_OWN_PREFIX = "MYNAH_"
"""Settings, among them the token; a child is told those that concern it by argument."""

_SECRET_NAME = re.compile(
    r"TOKENS?(_|$)|SECRET|PASSW|PASSPHRASE|CREDENTIAL|COOKIE|AUTH|(_|^)KEYS?(_|$)|APIKEY|_PWD$|_PROXY$"
)
_OF_THE_SERVICE_MANAGER = frozenset({"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
"""A child that could speak in the bot's name could keep a dead bot from being started again."""

_PASSWORD_IN_ADDRESS = re.compile(r"://[^/\s]*@")

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
"""For a child that walls itself in, which it has to do before there are threads."""

NO_TELEMETRY = {
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime, from 1.29 on, unless it is told
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}
"""Libraries that speak and load models tell their makers nothing of it."""


def public(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what is no secret, by its name in any case, and holds no address with a password."""
    return {name: value for name, value in environment.items() if not _is_secret(name, value)}


def entrusted(environment: Mapping[str, str], patterns: Iterable[str]) -> dict[str, str]:
    """Return those secrets whose name, in capitals, matches a pattern such as `HF_*`."""
    wanted = tuple(patterns)
    return {
        name: value
        for name, value in environment.items()
        if _is_secret(name, value)
        and any(fnmatchcase(name.upper(), pattern) for pattern in wanted)
        and not name.upper().startswith(_OWN_PREFIX)
    }


def _is_secret(name: str, value: str) -> bool:
    capitals = name.upper()
    return (
        capitals.startswith(_OWN_PREFIX)
        or capitals in _OF_THE_SERVICE_MANAGER
        or _SECRET_NAME.search(capitals) is not None
        or _PASSWORD_IN_ADDRESS.search(value) is not None
    )
