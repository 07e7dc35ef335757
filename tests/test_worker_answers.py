"""Nothing that a worker answers runs code in the bot, whatever it answers."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import pickle
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
import structlog
from hypothesis import given
from hypothesis import strategies as st

import bot.errors
from bot.confinement import Wall
from bot.consent.hearing import HeardWord
from bot.consent.live import LiveSample
from bot.consent.recognition import WordCheck
from bot.enrolment.types import (
    AudioFileError,
    EnrolmentSample,
    Finding,
    QualityReport,
    SampleRejectedError,
    Traces,
)
from bot.errors import EngineError, MynahError, UserError
from bot.i18n import Translatable, joined
from bot.speech.types import EngineInfo, Speech
from bot.worker_answers import ENGINE_ANSWERS, MEDIA_ANSWERS
from bot.workers import Worker, WorkerDiedError, WorkerLimits
from bot.workers.answers import AnswerCodec
from bot.workers.process import MOST_ANSWERS
from bot.workers.protocol import Beat, GarbageError, Raised, Ready, Returned
from storage.types import ReferenceClip
from tests import answering

IN_MODULE = pytest.mark.asyncio(loop_scope="module")
ROOT = Path(__file__).parents[1]
CODEC = AnswerCodec((*MEDIA_ANSWERS, *ENGINE_ANSWERS))
WITNESS = Path("/nonexistent/witness")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker() -> AsyncIterator[Worker]:
    limits = WorkerLimits(call_seconds=60, answer_bytes=1 << 20)
    worker = Worker("media worker", limits, answers=MEDIA_ANSWERS)
    yield worker
    await worker.close()


@IN_MODULE
async def test_a_pickle_for_an_answer_ends_the_worker_and_runs_nothing(
    worker: Worker, tmp_path: Path
) -> None:
    witness = tmp_path / "witness"
    content = answering.pickles(witness)["builtins.eval"]
    pid = worker.pid
    with structlog.testing.capture_logs() as records:
        with pytest.raises(WorkerDiedError, match="answered what is no answer"):
            await worker.run(answering.answer, content)
        assert await worker.run(divmod, 7, 2) == (3, 1)
    assert worker.pid != pid
    assert not witness.exists()
    pickle.loads(content)  # or the test could not fail
    assert witness.exists()
    assert "a worker answered what it may not" in [record["event"] for record in records]


@IN_MODULE
async def test_an_answer_over_its_bound_ends_the_worker(worker: Worker) -> None:
    with pytest.raises(WorkerDiedError, match="answered what is no answer"):
        await worker.run(answering.answer_endlessly, 1 << 40)
    with pytest.raises(WorkerDiedError, match="answered what is no answer"):
        await worker.run(bytes, 1 << 21)


@IN_MODULE
async def test_more_answers_than_anything_needs_end_the_worker(worker: Worker) -> None:
    with pytest.raises(WorkerDiedError, match="answered what is no answer"):
        await worker.run(answering.answer_often, 50 * MOST_ANSWERS)


@pytest.mark.parametrize("name", answering.pickles(WITNESS))
def test_no_pickle_is_an_answer(name: str, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    content = answering.pickles(witness)[name]
    for wire in (content, answering.tree("x") + content, answering.returned("x", content)):
        with pytest.raises(GarbageError):
            CODEC.decode(wire)
    assert not witness.exists()


@pytest.mark.parametrize("name", answering.trees(WITNESS))
def test_a_tree_that_is_no_answer(name: str, tmp_path: Path) -> None:
    with pytest.raises(GarbageError):
        CODEC.decode(answering.trees(tmp_path / "witness")[name])
    assert not (tmp_path / "witness").exists()


@given(st.binary(max_size=200))
def test_noise_is_garbage(content: bytes) -> None:
    for wire in (content, answering.tree("x", content), answering.returned(content)[:-1]):
        with pytest.raises(GarbageError):
            CODEC.decode(wire)


CLIP = ReferenceClip(np.linspace(-1, 1, 500, dtype=np.float32))
FINDING = Finding("short", Translatable("It has {seconds:.1f} s.", seconds=2.5), "Say more.")
REPORT = QualityReport(4.0, 3.0, 0, 2.5, 2.0, None, 0.0, -20.0, 110.5, "usable", (FINDING,))
SAMPLE = EnrolmentSample(CLIP, REPORT, bytes(range(256)))
WORDS = WordCheck("passed", (HeardWord("banana", 1.0, 1.5, 0.9),), 1, 1.5)
ANSWERS: list[object] = [
    SAMPLE,
    LiveSample(SAMPLE, CLIP, WORDS, 1, 0.02),
    Traces("ab" * 32, CLIP.samples, 48_000),
    [(7, Speech((b"packet", bytes(200)), 1.0, {"encode": 0.5}, ("a note",))), (8, UserError("no"))],
    EngineInfo("piper", "joe", "cpu", False, "it is there", 1.0),
    [CLIP.samples, None],
    (np.float64(0.5), np.bool_(True), {1, 2}, frozenset("a"), {7: "x"}, -(2**63), "\ud800"),
    np.zeros((0, 3), np.int16),
    joined((FINDING.reason, Translatable("{a}, {b}", a="x", b=Translatable("y")))),
]


def alike(a: object, b: object) -> bool:
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, Translatable):
        return isinstance(b, Translatable) and (a.template, a.values) == (b.template, b.values)
    if isinstance(a, Exception):
        return type(a) is type(b) and alike(a.args, b.args)  # type: ignore[attr-defined]
    if dataclasses.is_dataclass(a):
        names = [field.name for field in dataclasses.fields(a)]
        return type(a) is type(b) and all(alike(getattr(a, n), getattr(b, n)) for n in names)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and all(map(alike, a, b))  # type: ignore[call-overload]
    return a == b


@pytest.mark.parametrize("value", ANSWERS, ids=lambda value: type(value).__name__)
def test_what_workers_return_arrives_as_it_was(value: object) -> None:
    answer = CODEC.decode(CODEC.encode_outcome(Returned(value)))
    assert isinstance(answer, Returned)
    assert alike(value, answer.value)


ERRORS: list[Exception] = [
    AudioFileError(Translatable("The file has {size:.1f} MB.", size=30.0)),
    SampleRejectedError(joined(("no", "yes")), REPORT, b"png"),
    OSError(28, "No space left on device", "x"),
    MemoryError(),
    KeyError("x"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
    *(kind("text") for kind in vars(bot.errors).values() if inspect.isclass(kind)),
    *(k("t") for k in MEDIA_ANSWERS if issubclass(k, Exception) and k is not SampleRejectedError),
    *(kind("text") for kind in ENGINE_ANSWERS if issubclass(kind, Exception)),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_what_workers_raise_arrives_as_it_was(error: Exception) -> None:
    error.add_note("In the worker: ...")
    answer = CODEC.decode(CODEC.encode_outcome(Raised(error)))
    assert isinstance(answer, Raised)
    assert alike(error, answer.error)
    assert answer.error.__notes__ == error.__notes__
    assert str(answer.error) == str(error)


class _OwnError(EngineError):
    pass


@pytest.mark.parametrize(
    ("error", "above"),
    [(_OwnError("text"), EngineError), (StopIteration(), Exception), (struct.error(), Exception)],
)
def test_an_error_that_is_not_listed_arrives_as_one_that_is(
    error: Exception, above: type[Exception]
) -> None:
    answer = CODEC.decode(CODEC.encode_outcome(Raised(error)))
    assert isinstance(answer, Raised)
    assert type(answer.error) is above


def test_walls_and_beats_arrive() -> None:
    walls = (Wall("no network", ("seccomp",), (("Landlock", "too old"),)), Wall("no privileges"))
    assert CODEC.decode(CODEC.encode(Ready(walls))) == Ready(walls)
    assert CODEC.decode(CODEC.encode(Beat((1, 2)))) == Beat((1, 2))


def test_every_error_of_enrolment_is_listed() -> None:
    def below(kind: type) -> set[type]:
        return {kind}.union(*map(below, kind.__subclasses__()))

    errors = {kind for kind in below(MynahError) if kind.__module__.startswith("bot.enrolment")}
    assert errors <= set(MEDIA_ANSWERS)


def test_nothing_that_is_listed_does_anything_when_it_is_made() -> None:
    for kind in (*MEDIA_ANSWERS, *ENGINE_ANSWERS):
        assert not hasattr(kind, "__post_init__")
        assert dataclasses.is_dataclass(kind) or issubclass(kind, Exception)


def unpickling(path: Path) -> bool:
    """Whether a module can unpickle: by pickle itself, or by what multiprocessing receives with."""
    names = {"load", "loads", "Unpickler", "_Unpickler"}
    source = path.read_text(encoding="utf-8")
    if "pickle" not in source and "multiprocessing" not in source:
        return False
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=ast.Name(id="pickle" | "_pickle"), attr=attr):
                if attr in names:
                    return True
            case ast.ImportFrom(module="pickle" | "multiprocessing" | "multiprocessing.connection"):
                return True
            case ast.Import(names=imported):
                if any(alias.name == "multiprocessing.connection" for alias in imported):
                    return True
    return False


def test_only_a_child_unpickles() -> None:
    """What its parent sends it; there is no other pickle that the program reads."""
    paths = [
        p for name in ("bot", "cogs", "storage", "loopback") for p in (ROOT / name).rglob("*.py")
    ]
    relative = {path.relative_to(ROOT).as_posix(): path for path in paths}
    assert {name for name, path in relative.items() if unpickling(path)} == {
        "bot/workers/protocol.py"
    }
    using = {
        n for n, path in relative.items() if "    decode,\n" in path.read_text(encoding="utf-8")
    }
    assert using == {"bot/workers/child.py"}
