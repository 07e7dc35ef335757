"""Lines above info that the log of a soak may hold, each with its reason."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable

EXPECTED: dict[str, str] = {
    "Discord failed a command": "500s and cut connections are ordered while answers are edited",
    "We are being rate limited": "discord.py's, of ordered 429s",
    "Global rate limit has been hit": "the same, of the global limit",
    "Webhook ID .* is rate limited": "the same, of answers",
    "who speaks cannot be written": "a line in the channel met an ordered fault",
    "roles of a member unknown": "asking for a member met an ordered fault",
    "engine failed|worker (died|failed|lost|ended)|worker .*(killed|signal)|starting again":
        "workers are killed now and then",
    "not ready": "a worker was killed while it started",
    "sentence (failed|lost)|utterance failed": "the engine was killed twice under one sentence",
    "Attempting a reconnect": "the gateway was closed",
    "Shard ID .* (session has been invalidated|has successfully)": "sessions are invalidated",
    "heartbeat blocked|Can't keep up": "the machine is busy; discord.py tells after 10 s",
    "joining failed": "a voice server closed while the bot came in",
    "Error connecting to voice": "the same, as discord.py tells it",
    "voice connection (lost|broke)|Failed to connect to voice|voice": "voice servers close calls",
    "command failed": "with `error`, no traceback: the engine was dead as it was asked",
    "more of the kind in the last minute": "an error came again; the first was told in full",
}  # fmt: skip


def unexpected(lines: Iterable[str]) -> tuple[Counter[str], list[str]]:
    """Return how often each expected line came, and those that are none.

    lines: JSON, as `logging.format = "json"` writes them. One with a traceback is never expected.
    """
    counts: Counter[str] = Counter()
    strange: list[str] = []
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            strange.append(line)
            continue
        if record.get("level", "info") in ("debug", "info"):
            continue
        known = _reason(str(record.get("event", "")))
        if known is None or "exception" in record:
            strange.append(line)
        else:
            counts[known] += 1
    return counts, strange


def _reason(event: str) -> str | None:
    return next((pattern for pattern in EXPECTED if re.search(pattern, event)), None)
