"""Write docs/messages.md from the catalogue of messages: `python -m tools.message_docs`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.operations.messages import Message, messages

PATH = Path(__file__).parent.parent / "docs" / "messages.md"

STAGES = {
    "start": "At the start",
    "stop": "At the end",
    "gateway": "The connection to Discord",
    "network": "The network",
    "command": "Commands",
    "voice": "Voice channels",
    "reading": "Reading aloud",
    "engine": "The engine",
    "worker": "Child processes",
    "enrol": "Enrolling",
    "text": "Texts",
    "storage": "Data",
    "audit": "The audit trail",
    "settings": "Settings",
    "moderation": "Moderation",
    "privacy": "Privacy",
    "other": "Any part",
}
LEVELS = ("critical", "error", "warning", "info")

HEAD = """\
# What the log can say

Every message of Mynah's at info and above, and those of discord.py that operators meet; made from
`bot/operations/data/messages.toml` by `python -m tools.message_docs`. `%s` and `%d` stand for what
is filled in. Fields beside a message say where and why: `guild` is a server's number, `error` or
`reason` the cause, `reference` the number that a member was told. No line names a member or what
was said.

An error is told in full once a minute; *more of the kind in the last minute* counts the others.
"""


def document(catalogue: Iterable[Message]) -> str:
    """Return the page."""
    catalogue = list(catalogue)
    parts = [HEAD]
    for stage, title in STAGES.items():
        ours = [message for message in catalogue if message.stage == stage]
        if ours:
            parts.append(f"\n## {title}\n\n| message | level | what it means | what to do |\n")
            parts.append("| --- | --- | --- | --- |\n")
            parts.extend(_rows(ours))
    return "".join(parts)


def _rows(ours: list[Message]) -> Iterator[str]:
    for message in sorted(ours, key=lambda each: (LEVELS.index(each.level), each.text.lower())):
        text = f"`{message.text.strip().replace('|', chr(92) + '|')}`".replace("``", "`")
        if "`" in message.text:
            text = f"`` {message.text.strip()} ``"
        whose = f" ({message.package})" if message.package else ""
        action = message.action or "nothing"
        yield f"| {text}{whose} | {message.level} | {message.meaning} | {action} |\n"


def main() -> None:
    """Write the page."""
    PATH.write_text(document(messages()), encoding="utf-8")


if __name__ == "__main__":
    main()
