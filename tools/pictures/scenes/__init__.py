"""All scenes, in the order of docs/members.md."""

from tools.pictures.scenes import (
    enrolling,
    speaking,
    speaking_ends,
    queueing,
    calling,
    voices,
    changing,
    recordings,
    helping,
    troubles,
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
