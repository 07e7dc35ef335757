"""What an object store's refusals and failures are called here."""

from __future__ import annotations

import errno
import re

_KINDS = (
    (("nosuchbucket", "no such bucket"), "there is no such bucket"),
    (("signaturedoesnotmatch", "invalidaccesskeyid", "401", "unauthenticated"),
     "it does not accept the keys"),
    (("accessdenied", "403", "forbidden", "permissiondenied"), "it refuses access (403)"),
    (("slowdown", "503"), "it is busy (503)"),
    (("500", "internalerror"), "it failed (500)"),
    (("502", "504"), "it cannot be reached behind its gateway"),
    (("timed out", "timedout", "timeout"), "it does not answer in time"),
    (("connection refused", "connect", "dns"), "it cannot be reached"),
    (("incomplete", "closed", "unexpected eof", "decoding"), "its answer was cut off"),
)  # fmt: skip
_WORDS = 160


def failure(error: Exception, key: str = "") -> OSError:
    """Return an error of obstore as one of a file.

    FileNotFoundError for an object that is not there and nothing else; of all else nothing is known
    about the object, so the errno is that of a disk that fails for now.
    """
    text = str(error).lower()
    if _is_missing(error, text):
        return FileNotFoundError(errno.ENOENT, "there is no such object", key)
    return OSError(errno.EIO, f"the object store: {_in_words(error, text)}", key)


def _is_missing(error: Exception, text: str) -> bool:
    missing = isinstance(error, FileNotFoundError) or type(error).__name__ == "NotFoundError"
    return missing and "nosuchbucket" not in text and "bucket does not exist" not in text


def _in_words(error: Exception, text: str) -> str:
    for signs, words in _KINDS:
        if any(re.search(rf"\b{re.escape(sign)}|{re.escape(sign)}\b", text) for sign in signs):
            return words
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    return first[:_WORDS]
