"""As much of MLS (RFC 9420) as Discord's voice server itself speaks for DAVE.

The server is the delivery service and an external sender: it signs Add and Remove proposals and
tells a commit from the welcome behind it. It never learns a key.
Wire formats: RFC 9420, sections 2.1.2 (vectors), 6 (framing), 7.2 (leaf nodes), 10 (key packages).
"""

from __future__ import annotations

import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_MLS_10 = 1
_PUBLIC_MESSAGE = 1
_KEY_PACKAGE = 5
_DHKEMP256_AES128GCM = 2
_BASIC_CREDENTIAL = 1
_SOURCE_KEY_PACKAGE, _SOURCE_COMMIT = 1, 3
_SENDER_MEMBER, _SENDER_EXTERNAL = 1, 2
_CONTENT_PROPOSAL, _CONTENT_COMMIT = 2, 3
_PROPOSAL_ADD, _PROPOSAL_REMOVE = 1, 3


def vector(content: bytes) -> bytes:
    """Return the content behind its variable-length size (RFC 9420, 2.1.2)."""
    length = len(content)
    if length < 1 << 6:
        return bytes([length]) + content
    if length < 1 << 14:
        return struct.pack(">H", length | 0x4000) + content
    return struct.pack(">I", length | 0x8000_0000) + content


class Reader:
    """Reads MLS structures from bytes; ValueError where they end early."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        end = self.position + size
        if end > len(self._data):
            raise ValueError("the MLS message ends early")
        taken = self._data[self.position : end]
        self.position = end
        return taken

    def integer(self, size: int) -> int:
        """Return the next unsigned integer of `size` bytes."""
        return int.from_bytes(self.take(size), "big")

    def expect(self, size: int, value: int, what: str) -> None:
        """Read an integer that must have this value."""
        found = self.integer(size)
        if found != value:
            raise ValueError(f"{what} is {found}, not {value}")

    def vector(self) -> bytes:
        """Return the content of the next variable-length vector."""
        size = 1 << (self._data[self.position] >> 6)
        length = self.integer(size) & ((1 << (8 * size - 2)) - 1)
        return self.take(length)

    def leaf_node(self) -> int:
        """Read a leaf node and return the user id in its credential."""
        self.vector()  # encryption key
        self.vector()  # signature key
        self.expect(2, _BASIC_CREDENTIAL, "credential type")
        identity = self.vector()
        for _ in range(5):  # capabilities
            self.vector()
        source = self.integer(1)
        if source == _SOURCE_KEY_PACKAGE:
            self.take(16)  # lifetime
        elif source == _SOURCE_COMMIT:
            self.vector()  # parent hash
        self.vector()  # extensions
        self.vector()  # signature
        return int.from_bytes(identity, "big")


def read_key_package(message: bytes) -> tuple[bytes, int]:
    """Return the bare key package and its user id, from a bare or an enveloped one."""
    envelope = struct.pack(">HH", _MLS_10, _KEY_PACKAGE)
    bare = message.removeprefix(envelope)
    reader = Reader(bare)
    reader.expect(2, _MLS_10, "protocol version")
    reader.expect(2, _DHKEMP256_AES128GCM, "cipher suite")
    reader.vector()  # init key
    return bare, reader.leaf_node()


def split_commit(message: bytes) -> tuple[bytes, bytes]:
    """Return the commit and the welcome behind it (empty if nobody was added)."""
    reader = _after_header(message)
    reader.expect(1, _SENDER_MEMBER, "sender type")
    reader.take(4)  # leaf index
    reader.vector()  # authenticated data
    reader.expect(1, _CONTENT_COMMIT, "content type")
    reader.vector()  # proposals
    if reader.integer(1):  # update path
        reader.leaf_node()
        reader.vector()
    for _ in range(3):  # signature, confirmation tag, membership tag
        reader.vector()
    return message[: reader.position], message[reader.position :]


def commit_epoch(commit: bytes) -> int:
    """Return the epoch that a commit ends."""
    reader = Reader(commit)
    reader.take(4)
    reader.vector()
    return reader.integer(8)


def _after_header(message: bytes) -> Reader:
    reader = Reader(message)
    reader.expect(2, _MLS_10, "protocol version")
    reader.expect(2, _PUBLIC_MESSAGE, "wire format")
    reader.vector()  # group id
    reader.take(8)  # epoch
    return reader


class ExternalSender:
    """The voice server's signing key and the proposals signed with it."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = self._key.public_key()
        point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        credential = struct.pack(">H", _BASIC_CREDENTIAL) + vector(bytes(8))
        self.package = vector(point) + credential

    def add(self, group_id: int, epoch: int, key_package: bytes) -> bytes:
        """Return a proposal to add the owner of the key package."""
        proposal = struct.pack(">H", _PROPOSAL_ADD) + key_package
        return self._signed(group_id, epoch, proposal)

    def remove(self, group_id: int, epoch: int, leaf_index: int) -> bytes:
        """Return a proposal to remove the member at a leaf."""
        proposal = struct.pack(">HI", _PROPOSAL_REMOVE, leaf_index)
        return self._signed(group_id, epoch, proposal)

    def _signed(self, group_id: int, epoch: int, proposal: bytes) -> bytes:
        header = struct.pack(">HH", _MLS_10, _PUBLIC_MESSAGE)
        content = (
            vector(group_id.to_bytes(8, "big"))
            + struct.pack(">QBI", epoch, _SENDER_EXTERNAL, 0)
            + vector(b"")
            + struct.pack(">B", _CONTENT_PROPOSAL)
            + proposal
        )
        to_sign = vector(b"MLS 1.0 FramedContentTBS") + vector(header + content)
        return header + content + vector(self._key.sign(to_sign, ec.ECDSA(hashes.SHA256())))


class Group:
    """The server's view of a group: who sits at which leaf, in which epoch."""

    def __init__(self, group_id: int, sender: ExternalSender) -> None:
        self._group_id = group_id
        self._sender = sender
        self._leaves: list[int | None] = []
        self.epoch = 0

    @property
    def members(self) -> list[int]:
        """User ids of the members."""
        return [user_id for user_id in self._leaves if user_id is not None]

    def found(self, founder: int) -> None:
        """Begin anew with one member."""
        self._leaves, self.epoch = [founder], 0

    def dissolve(self) -> None:
        """Forget the group, whose last member left."""
        self._leaves, self.epoch = [], 0

    def proposals(self, removed: list[int], added: list[bytes]) -> bytes:
        """Return signed proposals to remove these members and add these key packages."""
        removals = [
            self._sender.remove(self._group_id, self.epoch, self._leaves.index(user_id))
            for user_id in removed
        ]
        additions = [self._sender.add(self._group_id, self.epoch, package) for package in added]
        return vector(b"".join([*removals, *additions]))

    def commit(self, removed: list[int], added: list[int]) -> None:
        """Move on to the next epoch; a newcomer takes the leftmost blank leaf."""
        self._leaves = [None if leaf in removed else leaf for leaf in self._leaves]
        while self._leaves and self._leaves[-1] is None:
            self._leaves.pop()
        for user_id in added:
            if None in self._leaves:
                self._leaves[self._leaves.index(None)] = user_id
            else:
                self._leaves.append(user_id)
        self.epoch += 1
