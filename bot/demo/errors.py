"""How the demo can fail."""

from __future__ import annotations

from bot.errors import MynahError


class DemoFailedError(MynahError):
    """A step did not do what it should."""


class RefusedError(DemoFailedError):
    """The bot works, but refused the sample or the text; its log would say no more."""


def expect(condition: bool, otherwise: str) -> None:
    """Raise DemoFailedError unless the condition holds."""
    if not condition:
        raise DemoFailedError(otherwise)
