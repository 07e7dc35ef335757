"""What keeps a recording from becoming a voice: a watermark, and the operator's recordings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from bot.consent.no_go import NoGoNames
from bot.enrolment.no_go_clips import MOST_CLIPS, NoGoClips, recordings_in
from bot.enrolment.refusals import MARKED, Refusals
from bot.errors import BusyError, UserError
from storage.types import ReferenceClip

ANN, BOB = np.float32([1, 0]), np.float32([0.6, 0.8])


@dataclass
class Judge:
    """Knows speakers by the first sample of their clips."""

    marked: float | None = None
    compares: bool = True
    ready: bool = True
    asked: list[float] = field(default_factory=list)

    async def embedding(self, clip: ReferenceClip) -> np.ndarray | None:
        self._must_be_ready()
        self.asked.append(float(clip.samples[0]))
        return {0: None, 1: ANN}.get(int(clip.samples[0]), BOB) if self.compares else None

    async def similarity(self, a: ReferenceClip, b: ReferenceClip) -> float | None:
        return None

    async def watermark(self, samples: np.ndarray, rate: int) -> float | None:
        self._must_be_ready()
        return self.marked

    def _must_be_ready(self) -> None:
        if not self.ready:
            raise BusyError("Try again.")


def clip(first: float) -> ReferenceClip:
    return ReferenceClip(np.float32([first, 0.0]))


async def cut(content: bytes) -> ReferenceClip:
    if not content:
        raise UserError("no recording")
    return clip(float(content))


def refusals(judge: Judge | None, directory: Path | None = None, least: float = 0.9) -> Refusals:
    clips = NoGoClips(directory, least) if directory else None
    return Refusals(NoGoNames(["robin"]), clips, judge, cut)


async def test_what_carries_the_mark_is_refused() -> None:
    with pytest.raises(UserError, match="synthetic speech"):
        await refusals(Judge(marked=MARKED)).refuse_synthetic(clip(1))


async def test_what_carries_none_passes() -> None:
    await refusals(Judge(marked=MARKED - 0.01)).refuse_synthetic(clip(1))


async def test_without_perth_or_with_one_that_does_not_work_nothing_is_known() -> None:
    await refusals(Judge(marked=None)).refuse_synthetic(clip(1))
    await refusals(None).refuse_synthetic(clip(1))


async def test_a_busy_engine_is_no_way_around_it(tmp_path: Path) -> None:
    with pytest.raises(BusyError, match="Try again"):
        await refusals(Judge(ready=False)).refuse_synthetic(clip(1))
    with pytest.raises(BusyError, match="Try again"):
        await refusals(Judge(ready=False), tmp_path).refuse_speaker(clip(1))


async def test_a_speaker_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ann.wav").write_text("1")
    with pytest.raises(UserError, match="Nobody may make a voice") as refused:
        await refusals(Judge(), tmp_path).refuse_speaker(clip(1))
    assert "ann" not in str(refused.value)


async def test_another_speaker_passes_and_the_directory_is_listened_to_once(tmp_path: Path) -> None:
    (tmp_path / "ann.wav").write_text("1")
    judge = Judge()
    asked = refusals(judge, tmp_path)
    await asked.refuse_speaker(clip(2))
    await asked.refuse_speaker(clip(2))
    assert judge.asked == [2, 1, 2]


async def test_a_recording_that_is_added_counts_at_once(tmp_path: Path) -> None:
    asked = refusals(Judge(), tmp_path)
    await asked.refuse_speaker(clip(1))
    (tmp_path / "ann.wav").write_text("1")
    with pytest.raises(UserError):
        await asked.refuse_speaker(clip(1))
    (tmp_path / "ann.wav").unlink()
    await asked.refuse_speaker(clip(1))


async def test_the_threshold_decides(tmp_path: Path) -> None:
    (tmp_path / "ann.wav").write_text("1")
    await refusals(Judge(), tmp_path, least=0.61).refuse_speaker(clip(2))
    with pytest.raises(UserError):
        await refusals(Judge(), tmp_path, least=0.59).refuse_speaker(clip(2))


async def test_what_is_no_recording_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"")
    (tmp_path / "ann.wav").write_text("1")
    with pytest.raises(UserError, match="Nobody may"):
        await refusals(Judge(), tmp_path).refuse_speaker(clip(1))


async def test_a_recording_that_says_too_little_keeps_nobody_out(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("0")
    (tmp_path / "ann.wav").write_text("1")
    asked = refusals(Judge(), tmp_path)
    await asked.refuse_speaker(clip(2))
    with pytest.raises(UserError, match="Nobody may"):
        await asked.refuse_speaker(clip(1))


async def test_an_engine_that_cannot_compare_refuses_nobody(tmp_path: Path) -> None:
    (tmp_path / "ann.wav").write_text("1")
    await refusals(Judge(compares=False), tmp_path).refuse_speaker(clip(1))
    await refusals(None, tmp_path).refuse_speaker(clip(1))


def test_the_directory_is_bounded(tmp_path: Path) -> None:
    for number in range(MOST_CLIPS + 3):
        (tmp_path / f"{number:03}.wav").touch()
    (tmp_path / ".hidden").touch()
    (tmp_path / "folder").mkdir()
    assert len(recordings_in(tmp_path)) == MOST_CLIPS
    assert recordings_in(tmp_path / "missing") == []


def test_a_voice_on_the_list_gets_no_other_recording() -> None:
    with pytest.raises(UserError, match="no other recording"):
        refusals(None).refuse_more_of("Robin")
    refusals(None).refuse_more_of("Ann")
