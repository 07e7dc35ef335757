"""Rows of the audit trail: what is stored, what is hashed, who is named.

A row's hash is SHA-256 over `encoded`: a JSON array, ASCII, without spaces, of `FORMAT`, the hash
of the row before (`NO_HASH` for the first) and the columns of `COLUMNS` in their order.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeAlias

FORMAT = "mynah audit 1"

NO_HASH = "0" * 64
"""Stands before the first row of a chain."""

COLUMNS = (
    "guild_id",
    "number",
    "at",
    "kind",
    "actor",
    "subject",
    "voice_id",
    "milliseconds",
    "packets_sha256",
    "data",
)

Nobody: TypeAlias = Literal["operator", "bot"]
By: TypeAlias = int | Nobody | None
"""Who did something: a member's Discord id, the operator, the bot itself; None if not known."""

OPERATOR: Nobody = "operator"

Who: TypeAlias = int | Literal["operator", "bot", "deleted"] | None
"""As `By`, as it is read: "deleted" is a member who was forgotten."""


DELETED: Literal["deleted"] = "deleted"

SPOKEN = "spoken"
"""The kind of the rows of what was spoken."""


@dataclass(frozen=True, slots=True)
class NewRow:
    """What is to be appended.

    subject: the member whom it concerns, such as the owner of the voice. data: JSON, neither ids of
    members nor texts. members: lists of members, by what they are. texts: what must be removable,
    such as names. milliseconds, packets_sha256: see `packets_hash`; of what was spoken. at: None is
    the present.
    """

    kind: str
    actor: By
    subject: int | None = None
    voice_id: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    members: Mapping[str, Sequence[int]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    milliseconds: int | None = None
    packets_sha256: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A row as it is read, with the members and texts that are there still.

    at: in UTC; of what was spoken, when it had ended. voice: its name then, else its name now, None
    where both are gone. hash: hex, of this row.
    """

    guild_id: int
    number: int
    at: datetime
    kind: str
    actor: Who
    subject: Who
    voice_id: int | None
    voice: str | None
    data: Mapping[str, Any]
    members: Mapping[str, Sequence[Who]]
    texts: Mapping[str, str]
    milliseconds: int | None
    packets_sha256: str | None
    hash: str

    @property
    def seconds(self) -> float | None:
        """How long was spoken."""
        return None if self.milliseconds is None else self.milliseconds / 1000

    @property
    def began(self) -> datetime:
        """When it began: before `at` by what was spoken, not counting pauses."""
        return self.at - timedelta(milliseconds=self.milliseconds or 0)


class PacketsHash:
    """SHA-256 over Opus packets in order, each after its length in two bytes, big-endian.

    count: how many packets.
    """

    __slots__ = ("_hash", "count")

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.count = 0

    def add(self, packet: bytes) -> None:
        """Count a packet in; about a microsecond."""
        self._hash.update(len(packet).to_bytes(2, "big") + packet)
        self.count += 1

    def hexdigest(self) -> str:
        """Return the hash of those that were counted in so far."""
        return self._hash.hexdigest()


def packets_hash(packets: Sequence[bytes]) -> str:
    """Return the hash by which the audit trail knows packets, hex; see `PacketsHash`."""
    sha256 = PacketsHash()
    for packet in packets:
        sha256.add(packet)
    return sha256.hexdigest()


def encoded(before: str, columns: Sequence[str | int | None]) -> bytes:
    """Return what a row's hash is taken over. columns: the values of `COLUMNS`."""
    return json.dumps([FORMAT, before, *columns], separators=(",", ":")).encode("ascii")


def row_hash(before: str, columns: Sequence[str | int | None]) -> str:
    """Return the hash of a row, hex."""
    return hashlib.sha256(encoded(before, columns)).hexdigest()


def new_salt() -> str:
    """Return 128 random bits, hex."""
    return secrets.token_hex(16)


def text_hash(salt: str, text: str) -> str:
    """Return what a row has of a text that lies beside it, hex."""
    return hashlib.sha256(f"{salt}:{text}".encode()).hexdigest()


def pseudonym_of(salt: str, guild_id: int, user_id: int) -> str:
    """Return what stands for a member in a guild's rows: 128 bits, hex."""
    return hashlib.sha256(f"{salt}:{guild_id}:{user_id}".encode()).hexdigest()[:32]


def member_or_operator(member_id: int | None) -> By:
    """Return who did something, where None stands for the operator."""
    return OPERATOR if member_id is None else member_id


def data_json(data: Mapping[str, Any]) -> str:
    """Return a row's data as it is stored: ASCII, keys in order."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)


def now() -> datetime:
    """Return the present, in UTC."""
    return datetime.now(UTC)
