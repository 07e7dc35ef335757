"""Backup files that were mutated, or written by somebody with bad intent, and are restored.

Each is refused with an error for an operator, or was whole. Nothing is written outside the data
directory, nothing is left in it of what was refused, and memory is bounded.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import random
import shutil
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil

from storage.backups.capture import captured
from storage.backups.envelope import EnvelopeWriter
from storage.backups.restoring import BackupReader
from storage.errors import StorageError
from storage.key_file import KEY_BYTES
from storage.layout import LOCK_NAME
from storage.sealing import KeyRing
from storage.types import NewVoice, ReferenceClip
from storage.voices import VoiceStore
from tests.endurance import progress
from tests.fuzz.report import Report
from tests.fuzz.targets import kept

NAME = "backups"
CASES = 20_000
QUICK = 60

MOST_GROWTH_MB = 150
KEYS = KeyRing([bytes(range(KEY_BYTES))])

Mutation = Callable[[random.Random, bytes], bytes]


def run(cases: int, seed: int, corpus: Path) -> Report:
    """Try so many files, those that are kept first."""
    report, process = Report(), psutil.Process()
    with tempfile.TemporaryDirectory(prefix="mynah-fuzz-") as folder:
        plain, sealed = _made(Path(folder) / "made")
        before = process.memory_info().rss
        inputs = kept(corpus)
        with progress(cases, NAME) as advance:
            for case in range(cases):
                chance = random.Random(f"{seed} {case}")
                content = inputs[case] if case < len(inputs) else _mutated(chance, plain, sealed)
                _try(content, Path(folder), report, f"--seed {seed}, case {case}")
                advance(1)
        growth = (process.memory_info().rss - before) / 1e6
    report.figures["growth_mb"] = round(growth, 1)
    if growth > MOST_GROWTH_MB:
        report.fail(f"memory grew by {growth:.0f} MB", f"--seed {seed}")
    return report


def _try(content: bytes, folder: Path, report: Report, reproduce: str) -> None:
    target = folder / "home" / "data"
    target.parent.mkdir(exist_ok=True)
    try:
        reader = BackupReader(io.BytesIO(content), KEYS)
        reader.restore(target, lambda _count: None, replace=False)
        outcome, expected = "restored", None
    except StorageError as error:
        outcome, expected = "refused", {LOCK_NAME}
        if not str(error) or len(str(error)) > 1000:
            report.fail(f"an answer of {len(str(error))} characters", reproduce)
    except Exception as error:  # whatever else comes is what is looked for
        report.fail(f"{type(error).__name__}: {error}", reproduce)
        shutil.rmtree(target.parent)
        return
    found = {path.name for path in target.iterdir()} if target.exists() else set()
    escaped = {path.name for path in folder.iterdir()} - {"home", "made"}
    escaped |= {path.name for path in target.parent.iterdir()} - {"data"}
    if escaped or (expected is not None and not found <= expected):
        report.fail(f"{outcome}, but there are {sorted(escaped | found)}", reproduce)
    elif outcome == "restored" and found != {LOCK_NAME, "mynah.db", "clips", "lost"}:
        report.fail(f"restored only {sorted(found)}", reproduce)
    else:
        report.count(outcome)
    shutil.rmtree(target.parent)


def _made(data: Path) -> tuple[bytes, bytes]:
    asyncio.run(_fill(data))
    plain, sealed = io.BytesIO(), io.BytesIO()
    with captured(data, "1.0") as moment:
        moment.write(plain.write, lambda _count: None)
        envelope = EnvelopeWriter(sealed, KEYS)
        moment.write(envelope.write, lambda _count: None)
        envelope.finish()
    return plain.getvalue(), sealed.getvalue()


async def _fill(data: Path) -> None:
    async with VoiceStore.open(data) as store:
        for number in range(3):
            noise = np.random.default_rng(number).normal(0, 0.1, 240).astype(np.float32)
            await store.add(NewVoice(1, f"Voice {number}"), ReferenceClip(noise))


def _mutated(chance: random.Random, plain: bytes, sealed: bytes) -> bytes:
    if chance.random() < 0.3:
        return chance.choice(_OF_BYTES)(chance, sealed)
    return chance.choice((*_OF_BYTES, *_OF_TAPE, *_OF_TAPE))(chance, plain)


def _flip(chance: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    # The list of files and the headers matter more than what is in the files.
    end = len(changed) if chance.random() < 0.3 else 4096
    for _ in range(chance.choice((1, 1, 3, 30))):
        changed[chance.randrange(end)] = chance.randrange(256)
    return bytes(changed)


def _cut(chance: random.Random, content: bytes) -> bytes:
    return content[: chance.randrange(len(content))]


def _insert(chance: random.Random, content: bytes) -> bytes:
    at, size = chance.randrange(len(content)), chance.choice((1, 16, 512, 4096))
    return content[:at] + chance.randbytes(size) + content[at:]


def _splice(chance: random.Random, content: bytes) -> bytes:
    one, two = sorted(chance.randrange(0, len(content), 512) for _ in range(2))
    return content[:one] + content[two:] if chance.random() < 0.5 else content[:two] + content[one:]


def _swap(chance: random.Random, content: bytes) -> bytes:
    size = 512 * chance.choice((1, 2, 8))
    blocks = [content[at : at + size] for at in range(0, len(content), size)]
    one, two = chance.randrange(len(blocks)), chance.randrange(len(blocks))
    blocks[one], blocks[two] = blocks[two], blocks[one]
    return b"".join(blocks)


_OF_BYTES: tuple[Mutation, ...] = (_flip, _cut, _insert, _splice, _swap)

Member = tuple[tarfile.TarInfo, bytes]

NAMES = (
    "../escaped", "/tmp/mynah-escaped", "clips/../../escaped", "..\\escaped", "mynah.db/../x", "",
    "clips", "clips/", ".", "restored.ready", "mynah.lock", "clips/" + "a" * 64, "\0", "x" * 99,
    "lost/" + "a" * 64 + ".1.pickle.gz", "mynah.db-wal", "clips/" + "A" * 64 + ".pickle.gz",
)  # fmt: skip
TYPES = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE,
         tarfile.DIRTYPE, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME,
         tarfile.GNUTYPE_SPARSE, tarfile.AREGTYPE, tarfile.CONTTYPE)  # fmt: skip
VALUES = (
    -1,
    0,
    1,
    2**31,
    8**11 - 1,
    2**63,
    10**400,
    None,
    True,
    "x",
    [],
    {},
    1.5,
    "../x",
    "\udcff",
)


def _members(content: bytes) -> list[Member]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        found = []
        for member in archive:
            file = archive.extractfile(member)
            assert file is not None
            found.append((member, file.read()))
        return found


def _tape(members: list[Member]) -> bytes:
    sink = io.BytesIO()
    for header, content in members:
        sink.write(header.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape"))
        sink.write(content + bytes(-len(content) % 512))
    return sink.getvalue() + bytes(1024)


def _lines(members: list[Member]) -> list[dict[str, object]]:
    return [json.loads(line) for line in members[0][1].splitlines()]


def _with_lines(members: list[Member], lines: list[dict[str, object]]) -> bytes:
    header = members[0][0]
    content = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    header.size = len(content)
    return _tape([(header, content), *members[1:]])


def _renamed(chance: random.Random, content: bytes) -> bytes:
    """Give a file a name that leads elsewhere, in the archive and perhaps in the list, too."""
    members = _members(content)
    number, name = chance.randrange(1, len(members)), chance.choice(NAMES)
    lines = _lines(members)
    members[number][0].name = name
    if chance.random() < 0.7:
        lines[number]["name"] = name
    return _with_lines(members, lines)


def _retyped(chance: random.Random, content: bytes) -> bytes:
    members = _members(content)
    header = chance.choice(members)[0]
    header.type, header.linkname = chance.choice(TYPES), chance.choice(("", "../escaped", "/etc"))
    return _tape(members)


def _resized(chance: random.Random, content: bytes) -> bytes:
    """A header, and perhaps the list, say another size, up to more than any disk has."""
    members = _members(content)
    number = chance.randrange(len(members))
    size = chance.choice((0, 1, 511, 2**25, 2**32, 8**11 - 1, 2**60))
    members[number][0].size = size
    lines = _lines(members)
    if number and chance.random() < 0.7:
        lines[number]["bytes"] = size
        return _with_lines(members, lines)
    return _tape(members)


def _relisted(chance: random.Random, content: bytes) -> bytes:
    """The list of files says something else."""
    members = _members(content)
    lines = _lines(members)
    line = chance.choice(lines)
    line[chance.choice(list(line))] = chance.choice(VALUES)
    if chance.random() < 0.3:
        lines.insert(chance.randrange(len(lines)), dict(chance.choice(lines)))
    if chance.random() < 0.2:
        chance.shuffle(lines)
    return _with_lines(members, lines)


def _garbled(chance: random.Random, content: bytes) -> bytes:
    """The list of files is none: deep, long, endless."""
    members = _members(content)
    lists = (b"[" * 100_000, b'{"format": ' + b"9" * 70_000, b"\n" * 50_000, b"{}\n" * 20_000,
             b"x" * 200_000, chance.randbytes(3000), b"")  # fmt: skip
    header, listed = members[0][0], chance.choice(lists)
    header.size = len(listed)
    return _tape([(header, listed), *members[1:]])


def _refilled(chance: random.Random, content: bytes) -> bytes:
    """A file holds something else, and the list vouches for it."""
    members = _members(content)
    number = chance.randrange(1, len(members))
    header, old = members[number]
    new = chance.choice((b"", chance.randbytes(700), old[: len(old) // 2], _flip(chance, old * 9)))
    header.size, lines = len(new), _lines(members)
    lines[number] |= {"bytes": len(new), "sha256": hashlib.sha256(new).hexdigest()}
    members[number] = (header, new)
    return _with_lines(members, lines)


def _reordered(chance: random.Random, content: bytes) -> bytes:
    members = _members(content)
    chance.shuffle(members)
    return _tape(members[: chance.randrange(1, len(members) + 1)])


_OF_TAPE: tuple[Mutation, ...] = (
    _renamed, _retyped, _resized, _relisted, _garbled, _refilled, _reordered
)  # fmt: skip
