"""All scenes, in the order of docs/members.md."""

from tools.pictures.scenes import (
    calling,
    changing,
    enrolling,
    helping,
    queueing,
    recordings,
    speaking,
    speaking_ends,
    troubles,
    voices,
)

__all__ = [
    "calling",
    "changing",
    "enrolling",
    "helping",
    "queueing",
    "recordings",
    "speaking",
    "speaking_ends",
    "troubles",
    "voices",
]
