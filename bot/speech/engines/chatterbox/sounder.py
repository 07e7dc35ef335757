"""From decoded sentences to speech: S3Gen in groups, judged, watermarked and encoded."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, TypeAlias

from bot.errors import EngineError, OutOfMemoryError
from bot.speech.engines.base import Samples, stage, to_error, to_speech
from bot.speech.engines.chatterbox import judge
from bot.speech.engines.chatterbox.failures import Failures
from bot.speech.engines.chatterbox.job import Job
from bot.speech.engines.chatterbox.vocoder import Sounds, Vocoder, speech_tokens
from bot.speech.types import EngineSpec, Speech, SynthesisResult
from bot.speech.voice_settings import ignored_notes

_MAX_TOGETHER = 8
"""Sentences of equal length in one pass of S3Gen, on a GPU. Rounding then differs from one pass
each (by 1e-7 of full scale); a CPU gains nothing by it and keeps to the bit."""

_LONGEST_WAIT_SECONDS = 3600.0

Outcome: TypeAlias = SynthesisResult | tuple[str, ...]
"""A result, or the faults for which the sentence is to be spoken again."""


class Sounder:
    """Makes sentences audible that have been decoded.

    overlapped: in a thread of its own; otherwise in `collect`, one sentence in each call.
    """

    def __init__(
        self, model: Any, spec: EngineSpec, failures: Failures, *, overlapped: bool
    ) -> None:
        self._model, self._spec, self._check = model, spec, spec.self_check
        self._failures = failures
        self._vocoder = Vocoder(model)
        self._thread = ThreadPoolExecutor(1, "vocoder") if overlapped else None
        self._waiting: deque[list[Job]] = deque()
        self._running: dict[Future[list[Outcome]], list[Job]] = {}

    @property
    def busy(self) -> bool:
        """Whether something is not collected yet."""
        return bool(self._waiting or self._running)

    @property
    def wants_turn(self) -> bool:
        """Whether a sentence waits for `collect` to work on it."""
        return bool(self._waiting)

    @property
    def jobs(self) -> Iterator[Job]:
        """All sentences that are here."""
        for group in (*self._waiting, *self._running.values()):
            yield from group

    def submit(self, jobs: Sequence[Job]) -> None:
        """Take on sentences whose last attempt has been decoded."""
        for group in self._groups(jobs):
            if self._thread is None:
                self._waiting.append(group)
            else:
                self._running[self._thread.submit(self._speak, group)] = group

    def collect(self, seconds: float) -> list[tuple[Job, Outcome]]:
        """Return what is done, after waiting for so many seconds at most.

        Raises `EngineDeadError` when the GPU failed.
        """
        while self._waiting and all(job.withdrawn for job in self._waiting[0]):
            self._waiting.popleft()
        if self._waiting:
            group = self._waiting.popleft()
            return list(zip(group, self._speak(group), strict=True))
        if seconds > 0 and self._running:
            wait(self._running, min(seconds, _LONGEST_WAIT_SECONDS), FIRST_COMPLETED)
        done = [future for future in self._running if future.done()]
        return [
            pair
            for future in done
            for pair in zip(self._running.pop(future), future.result(), strict=True)
        ]

    def close(self) -> None:
        """Forget everything, and end the thread."""
        self._waiting.clear()
        self._running.clear()
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=True)

    def _groups(self, jobs: Sequence[Job]) -> Iterator[list[Job]]:
        together = 1 if self._thread is None else _MAX_TOGETHER
        alike: dict[tuple[int, ...], list[Job]] = {}
        for job in jobs:
            alike.setdefault(self._sounds(job).shape, []).append(job)
        for group in alike.values():
            for start in range(0, len(group), together):
                yield group[start : start + together]

    def _sounds(self, job: Job) -> Sounds:
        attempt = job.best
        tokens = speech_tokens(attempt.decoded.tokens, turbo=self._spec.model == "turbo")
        return Sounds(tokens, job.prepared.gen, attempt.seed, attempt.decoded.random_state)

    def _speak(self, jobs: list[Job]) -> list[Outcome]:
        """Make sentences of one shape audible. One that fails does not fail the others."""
        for job in jobs:
            job.begin()
        try:
            waves = self._waves(jobs)
        except OutOfMemoryError as error:
            if len(jobs) == 1:
                return [error]
            return [outcome for job in jobs for outcome in self._speak([job])]
        except Exception as error:
            return [to_error(error)] * len(jobs)
        for job in jobs:
            job.spend("vocode")
        return [self._judged(job, wave) for job, wave in zip(jobs, waves, strict=True)]

    def _waves(self, jobs: list[Job]) -> list[Samples]:
        batch = [self._sounds(job) for job in jobs]
        if not len(batch[0].tokens):
            raise EngineError("The voice engine made no sound for this text. Try other words.")
        with self._failures.explained():
            return self._vocoder.speak(batch)

    def _judged(self, job: Job, samples: Samples) -> Outcome:
        try:
            if self._check.enabled and job.retries < self._check.retries:
                with stage(job.timings, "check"):
                    faults = judge.wave_faults(samples, self._model.sr)
                if faults:
                    return faults
            if self._check.trim_tail:
                with stage(job.timings, "check"):
                    samples = judge.trim_tail(samples, self._model.sr)
            with stage(job.timings, "watermark"):
                samples = self._vocoder.mark(samples)
            return self._speech(job, samples)
        except Exception as error:
            return to_error(error)

    def _speech(self, job: Job, samples: Samples) -> Speech:
        notes = ignored_notes(self._spec.model, job.request)
        speech = to_speech(samples, self._model.sr, job.timings, notes=notes)
        return dataclasses.replace(speech, retries=job.retries)
