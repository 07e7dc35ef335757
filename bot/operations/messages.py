"""Every message that the log can show, what it means and what to do about it.

`messages.toml` has them; a test collects what the program logs and compares. docs/messages.md is
made from it by `python -m tools.message_docs`.
"""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

PATH = Path(__file__).parent / "data" / "messages.toml"


@dataclass(frozen=True, slots=True)
class Message:
    """One message. text: as it is logged, before anything is filled in.

    stage: the part of the work that it belongs to. level: info, warning, error or critical.
    action: what to do; "" where there is nothing to do. package: whose it is, if not ours.
    """

    text: str
    level: str
    stage: str
    meaning: str
    action: str = ""
    package: str = ""


def messages() -> tuple[Message, ...]:
    """Return all of them, in the file's order."""
    document = tomllib.loads(PATH.read_text(encoding="utf-8"))
    return tuple(Message(**fields) for fields in document["message"])


@functools.cache
def known_texts() -> frozenset[str]:
    """Return the texts."""
    return frozenset(message.text for message in messages())
