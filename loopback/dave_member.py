"""A person's end of DAVE, on Discord's own libdave: independent of what the bot uses."""

from __future__ import annotations

import threading

import dave

from .mls import read_key_package, split_commit

PROTOCOL_VERSION = 1
_APPEND = b"\0"
_CODE_DIGITS = 30
_GROUP_DIGITS = 5


class DaveError(AssertionError):
    """libdave refused what the bot or the delivery service sent."""


class DaveMember:
    """One session in one group. Commits come on the loop, frames on the UDP thread."""

    def __init__(self, user_id: int, group_id: int, external_sender: bytes) -> None:
        self.user_id = user_id
        self.failures: list[str] = []
        self._lock = threading.Lock()
        self._decryptors: dict[int, dave.Decryptor] = {}
        self._encryptor = dave.Encryptor()
        self._session = dave.Session(lambda *reason: self.failures.append(" ".join(reason)))
        self._session.init(PROTOCOL_VERSION, group_id, str(user_id))
        self._session.set_external_sender(external_sender)

    def key_package(self) -> bytes:
        """Return a fresh key package; each serves for one addition."""
        package = self._session.get_marshalled_key_package()
        if package is None:
            raise DaveError("libdave made no key package")
        return read_key_package(package)[0]

    def propose(self, proposals: bytes, recognised: set[int]) -> tuple[bytes, bytes]:
        """Take proposals and return the commit and welcome that this member would send."""
        users = {str(user_id) for user_id in recognised}
        result = self._session.process_proposals(_APPEND + proposals, users)
        if result is None:
            raise DaveError(f"libdave refused proposals: {self.failures}")
        return split_commit(result)

    def commit(self, commit: bytes, members: set[int]) -> None:
        """Move on to the epoch that a commit begins."""
        with self._lock:
            roster = self._session.process_commit(commit)
            if isinstance(roster, dave.RejectType):
                raise DaveError(f"libdave refused a commit ({roster.name}): {self.failures}")
            self._take_keys(members)

    def welcome(self, welcome: bytes, recognised: set[int]) -> None:
        """Join the group that a welcome leads into."""
        users = {str(user_id) for user_id in recognised}
        with self._lock:
            roster = self._session.process_welcome(welcome, users)
            if roster is None:
                raise DaveError(f"libdave refused a welcome: {self.failures}")
            self._take_keys(recognised)

    def decrypt(self, sender: int, frame: bytes) -> bytes | None:
        """Return the Opus packet, or None if it cannot be read."""
        with self._lock:
            decryptor = self._decryptors.setdefault(sender, dave.Decryptor())
            return decryptor.decrypt(dave.MediaType.audio, frame)

    def switch(self) -> None:
        """Send with the present epoch's key from now on: everyone has it (op 22)."""
        with self._lock:
            ratchet = self._session.get_key_ratchet(str(self.user_id))
            self._encryptor.set_key_ratchet(ratchet)

    def encrypt(self, ssrc: int, opus: bytes) -> bytes:
        """Return an Opus packet as this member sends it; raises DaveError outside a group."""
        with self._lock:
            self._encryptor.assign_ssrc_to_codec(ssrc, dave.Codec.opus)
            frame = self._encryptor.encrypt(dave.MediaType.audio, ssrc, opus)
        if frame is None:
            raise DaveError("libdave could not encrypt")
        return frame

    @property
    def privacy_code(self) -> str | None:
        """The voice privacy code that this member's client shows, or None outside a group."""
        authenticator = self._session.get_last_epoch_authenticator()
        return displayable_code(authenticator) if authenticator else None

    def _take_keys(self, members: set[int]) -> None:
        """Renew everyone's keys: a new epoch changes all, libdave's roster names who changed."""
        for user_id in members - {self.user_id}:
            ratchet = self._session.get_key_ratchet(str(user_id))
            if ratchet is not None:
                decryptor = self._decryptors.setdefault(user_id, dave.Decryptor())
                decryptor.transition_to_key_ratchet(ratchet)


def displayable_code(authenticator: bytes) -> str:
    """Return 30 digits: for each five the next five bytes modulo 10^5.

    Source: https://daveprotocol.com/#displayable-codes
    """
    starts = range(0, _CODE_DIGITS, _GROUP_DIGITS)
    chunks = [authenticator[start : start + _GROUP_DIGITS] for start in starts]
    groups = [int.from_bytes(chunk, "big") % 10**_GROUP_DIGITS for chunk in chunks]
    return "".join(f"{group:0{_GROUP_DIGITS}d}" for group in groups)
