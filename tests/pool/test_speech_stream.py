"""A sentence in pieces, and whole again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import EngineError
from bot.i18n import Translatable
from bot.pool.speech_stream import UNKNOWN_CLIP, assemble, pieces
from bot.speech.types import Speech
from bot.workers.protocol import GarbageError

speeches = st.builds(
    Speech,
    packets=st.lists(st.binary(max_size=300), max_size=120).map(tuple),
    seconds=st.floats(0, 40),
    timings=st.dictionaries(st.sampled_from(("synthesis", "encode")), st.floats(0, 9)),
    notes=st.lists(st.text(max_size=20), max_size=2).map(tuple),
    retries=st.integers(0, 3),
    doubtful=st.booleans(),
)


@given(speeches)
def test_it_arrives_as_it_was(speech: Speech) -> None:
    assert assemble(pieces(speech)) == speech


def test_first_comes_half_a_second_then_one_at_a_time() -> None:
    sent = list(pieces(Speech((b"packet",) * 130, 2.6)))
    counts = [len(piece) // len(b"..packet") for piece in sent[:-1]]
    assert counts == [25, 50, 50, 5]


def test_an_error_stands_in_for_speech() -> None:
    (sent,) = pieces(EngineError(Translatable("It took {seconds} s.", seconds=3)))
    error = assemble([sent])
    assert isinstance(error, EngineError)
    assert str(error) == "It took 3 s."


@pytest.mark.parametrize(
    "received",
    [[], [b""], [UNKNOWN_CLIP], [b"P\x00"], [b"P\x00\x05abc"], [b"Fnonsense"], [b"X"]],
)
def test_what_is_no_speech_is_told(received: list[bytes]) -> None:
    with pytest.raises(GarbageError):
        assemble(received)


@given(speeches, st.data())
def test_what_is_cut_off_is_no_speech(speech: Speech, data: st.DataObject) -> None:
    sent = list(pieces(speech))
    with pytest.raises(GarbageError):
        assemble(sent[: data.draw(st.integers(0, len(sent) - 1))])
