"""What an object store's refusals and failures are called here."""

from __future__ import annotations

import errno
import re

_STATUS = re.compile(r"status(?: code)?: (\d{3})\b")
_OF_STATUS = {
    400: "it does not understand the request (400)",
    401: "it does not accept the keys (401)",
    403: "it refuses access (403)",
    404: "there is no such bucket (404)",
    500: "it failed (500)",
    501: "it cannot do this (501)",
    503: "it is busy (503)",
    507: "it is full (507)",
}
_KEYS = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken")
_REGION = ("AuthorizationHeaderMalformed", "PermanentRedirect", "redirect without LOCATION")
_REASONS = (
    # Where obstore asks a cloud's machine who it is, for want of keys.
    (("/latest/api/token", "/latest/meta-data"), "no keys are set, and this machine has none"),
    (("NoSuchBucket",), _OF_STATUS[404]),
    (_KEYS, "it does not accept the keys"),
    (_REGION, "the bucket is in another region than clips_region says"),
    (("RequestTimeTooSkewed",), "this machine's clock and its own differ too much"),
    (("StorageFull", "QuotaExceeded"), "it is full"),
)
"""Each with what stands in an error that has it."""

_SIGNS = (
    (("kind: Timeout", "TimedOut"), "it does not answer in time"),
    (("UnexpectedEof", "IncompleteBody"), "its answer was cut off"),
    (("kind: Connect", "ConnectError", "ConnectionRefused"), "it cannot be reached"),
    (("sending request",), "the connection to it broke"),
)
_WORDS = 160
_RANGE = 416


def failure(error: Exception, key: str = "") -> OSError:
    """Return an error of obstore as one of a file.

    FileNotFoundError for an object that is not there and nothing else; ERANGE for what begins
    behind its end. Of all else nothing is known about the object, so the errno is EIO, that of a
    disk that fails for now.
    """
    text = str(error)
    status = _status(text)
    if status == _RANGE:
        return OSError(errno.ERANGE, "it has not so many bytes", key)
    if isinstance(error, FileNotFoundError) and "NoSuchBucket" not in text:
        return FileNotFoundError(errno.ENOENT, "there is no such object", key)
    return OSError(errno.EIO, f"the object store: {_in_words(text, status)}", key)


def _status(text: str) -> int | None:
    match = _STATUS.search(text)
    return int(match[1]) if match else None


def _in_words(text: str, status: int | None) -> str:
    if (reason := _found(text, _REASONS)) is not None:
        return reason
    if status is not None:
        return _OF_STATUS.get(status, f"it answered {status}")
    return _found(text, _SIGNS) or text.strip().partition("\n")[0][:_WORDS]


def _found(text: str, reasons: tuple[tuple[tuple[str, ...], str], ...]) -> str | None:
    return next((words for signs, words in reasons if any(sign in text for sign in signs)), None)
