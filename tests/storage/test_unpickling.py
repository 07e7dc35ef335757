"""Pickles that are made to hang, to fill memory, or to make endless messages."""

from __future__ import annotations

import gzip
import pickle
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.clips import clip_path, encode_clip, load_clip
from storage.errors import DamagedClipError
from tests.storage.conftest import make_clip

CLIP = make_clip()
PICKLED = gzip.decompress(encode_clip(CLIP))
MAX_SECONDS = 5.0  # generous: each takes milliseconds, what hangs takes years
MAX_MESSAGE = 600


def nested(depth: int) -> bytes:
    """A tuple that holds the one before twice, and so on."""
    doubled = b"".join(b"h" + bytes([n]) + b"h" + bytes([n]) + b"\x86\x94" for n in range(depth))
    return b")\x94" + doubled


def as_key(depth: int) -> bytes:
    return b"\x80\x04}(" + nested(depth) + b"K\x01u."


def as_format(depth: int) -> bytes:
    rest = b"\x8c\x0bsample_rateM\xc0\x5d\x8c\x07samplesN"
    return b"\x80\x04}(\x8c\x06format" + nested(depth) + rest + b"u."


HOSTILE = {
    "136 bytes that hash for ever": as_key(30),
    "deeper": as_key(50),
    "98 bytes of endless message": as_format(7),
    "deeper message": as_format(40),
    "as the samples": b"\x80\x04}(\x8c\x06formatK\x01\x8c\x07samples" + nested(40) + b"u.",
    "nested literally": b"\x80\x04" + b")" + b"\x85" * 200 + b".",
    "very deep": b"\x80\x04" + b")" + b"\x85" * 100_000 + b".",
    "long name": b"\x80\x04X\xff\xff\x0f\x00" + b"a" * 0xFFFFF + b"\x8c\x01b\x93.",
    "long text as format": b"\x80\x04}(\x8c\x06formatX\xff\xff\x0f\x00" + b"\n" * 0xFFFFF + b"u.",
    "huge number": b"\x80\x04\x8b\xff\xff\x00\x00" + b"\x7f" * 0xFFFF + b".",
    "huge number in a clip": PICKLED.replace(b"K\x01", b"\x8b\xd0\x07\x00\x00" + b"\x7f" * 2000, 1),
    "memo far away": b"\x80\x04}r\xff\xff\xff\x7f.",
    "memo that is not there": b"\x80\x04h\x63.",
    "negative shape": PICKLED.replace(b"\x4d\x60\x09\x85", b"\x4a\xff\xff\xff\xff\x85"),
}


def refusal(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    start = time.process_time()
    with pytest.raises(DamagedClipError) as caught:
        load_clip(path, CLIP.sha256)
    assert time.process_time() - start < MAX_SECONDS
    return str(caught.value)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return clip_path(tmp_path, CLIP.sha256)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("pickled", HOSTILE.values(), ids=HOSTILE)
def test_hostile_pickle_is_refused_soon_and_briefly(path: Path, pickled: bytes) -> None:
    message = refusal(path, gzip.compress(pickled))
    assert len(message) < MAX_MESSAGE + len(str(path))
    assert message.isprintable()


def test_only_the_replaced_bytes_made_the_shape_negative() -> None:
    assert HOSTILE["negative shape"] != PICKLED


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(b"\0" * 500_000_000),
        b"\x1f\x8b" + b"\0" * 100,
        gzip.compress(b"", mtime=0) * 100_000,
    ],
    ids=["bomb", "header alone", "many members"],
)
def test_hostile_gzip_is_refused_soon(path: Path, content: bytes) -> None:
    assert len(refusal(path, content)) < MAX_MESSAGE + len(str(path))


def test_texts_in_place_of_reads_from_the_memo_are_a_clip_too(path: Path) -> None:
    # As a pickler writes them that does not know two equal texts for the same one.
    spelled = PICKLED.replace(b"h\x07", b"\x8c\x05numpy")
    frame = spelled.index(b"\x95")
    length = int.from_bytes(spelled[frame + 1 : frame + 9], "little")
    assert spelled != PICKLED
    path.write_bytes(
        gzip.compress(
            spelled[: frame + 1] + (length + 5).to_bytes(8, "little") + spelled[frame + 9 :]
        )
    )
    assert load_clip(path, CLIP.sha256).sha256 == CLIP.sha256


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.floats(),
    lambda inner: (
        st.tuples(inner, inner)
        | st.lists(inner)
        | st.dictionaries(st.text() | st.integers(), inner)
    ),
    max_leaves=20,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(value=VALUES, protocol=st.integers(0, 5))
def test_whatever_is_pickled_is_refused_briefly(path: Path, value: object, protocol: int) -> None:
    message = refusal(path, gzip.compress(pickle.dumps(value, protocol=protocol)))
    assert len(message) < MAX_MESSAGE + len(str(path))


OPCODES = [bytes([n]) for n in b"(}])h\x94\x85\x86\x87\x93Rbuest0N\x88\x89."]


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300
)
@given(st.lists(st.sampled_from(OPCODES) | st.binary(min_size=1, max_size=3), max_size=60))
def test_whatever_operations_are_refused_briefly(path: Path, operations: list[bytes]) -> None:
    message = refusal(path, gzip.compress(b"\x80\x04" + b"".join(operations) + b"."))
    assert len(message) < MAX_MESSAGE + len(str(path))
