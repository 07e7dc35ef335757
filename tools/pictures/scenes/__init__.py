"""All scenes; importing them registers them."""

from tools.pictures.scenes import (
    calling,
    changing,
    enrolling,
    helping,
    me,
    queueing,
    recordings,
    settings,
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
    "me",
    "queueing",
    "recordings",
    "settings",
    "speaking",
    "speaking_ends",
    "troubles",
    "voices",
]
