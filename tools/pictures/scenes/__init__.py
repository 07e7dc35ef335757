"""All scenes; importing them registers them."""

from tools.pictures.scenes import (
    calling,
    changing,
    dictionary,
    enrolling,
    helping,
    live,
    me,
    queueing,
    reading,
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
    "dictionary",
    "enrolling",
    "helping",
    "live",
    "me",
    "queueing",
    "reading",
    "recordings",
    "settings",
    "speaking",
    "speaking_ends",
    "troubles",
    "voices",
]
