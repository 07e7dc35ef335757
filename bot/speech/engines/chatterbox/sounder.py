"""From decoded sentences to speech: S3Gen in groups, judged, watermarked and encoded."""

from __future__ import annotations

import dataclasses
import functools
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, TypeAlias

from bot.errors import EngineError, OutOfMemoryError
from bot.i18n import Translatable
from bot.speech.engines.base import Samples, stage, to_error, to_speech
from bot.speech.engines.chatterbox import judge
from bot.speech.engines.chatterbox.failures import Failures
from bot.speech.engines.chatterbox.finisher import Finisher, ended
from bot.speech.engines.chatterbox.job import Job
from bot.speech.engines.chatterbox.vocoder import Sounds, Vocoder, speech_tokens
from bot.speech.models import MODELS
from bot.speech.types import EngineSpec, Speech, SynthesisResult
from bot.speech.voice_settings import fewer_takes, ignored_notes

_LONGEST_WAIT_SECONDS = 3600.0

Outcome: TypeAlias = SynthesisResult | tuple[str, ...]
"""A result, or the faults for which the sentence is to be spoken again."""

_Finishing: TypeAlias = tuple[Job, Future[Outcome]]


class Sounder:
    """Makes sentences audible that have been decoded.

    overlapped: in a thread of its own; otherwise in `collect`, one group in each call.

    What waits goes through S3Gen together, `EngineSpec.vocoder_batch` sentences at most; in turn
    only what is of equal length. Judging, the watermark and Opus are left to a thread of their own,
    in order, so that S3Gen and the decoding go on meanwhile.
    """

    def __init__(
        self, model: Any, spec: EngineSpec, failures: Failures, *, overlapped: bool
    ) -> None:
        self._model, self._spec, self._check = model, spec, spec.self_check
        self._failures = failures
        self._vocoder = Vocoder(
            model,
            graphs=spec.graphs,
            tf32=spec.tf32,
            batch=spec.vocoder_batch,
            cut_last_token=MODELS[spec.model].cuts_last_token,
        )
        self._thread = ThreadPoolExecutor(1, "vocoder") if overlapped else None
        self._lock = threading.Lock()  # of the next two, which the thread shares
        self._waiting: list[tuple[tuple[int, ...], Job]] = []  # with what must be equal
        self._taken: list[Job] = []  # and not collected yet
        # Whether something else has to be decoded first; only where turns are taken in `collect`.
        self.too_early: Callable[[Job], bool] = lambda job: False
        # Each takes what waits then, which may be nothing: others may have taken it along.
        self._turns: list[Future[list[_Finishing]]] = []
        self._finisher = Finisher()
        self._finishing: list[_Finishing] = []

    @property
    def busy(self) -> bool:
        """Whether something is not collected yet."""
        return bool(self._waiting or self._turns or self._finishing)

    @property
    def wants_turn(self) -> bool:
        """Whether a sentence waits for `collect` to work on it.

        Not before the one before it is done, which would be heard later by S3Gen's seconds.
        """
        return self._thread is None and not self._finishing and bool(self._ready())

    def submit(self, jobs: Sequence[Job]) -> None:
        """Take on sentences whose last attempt has been decoded."""
        # A GPU takes any lengths together; on a CPU the longest would slow down the others.
        alike = self._thread is not None
        entries = [(() if alike else self._sounds(job).shape, job) for job in jobs]
        with self._lock:
            self._waiting += entries
            # What is heard before others comes first; otherwise as they were decoded.
            self._waiting.sort(key=lambda entry: entry[1].request.rank)
        if self._thread is not None:
            self._turns += [self._thread.submit(self._take_turn) for _ in jobs]

    def withdraw(self, ticket: int) -> None:
        """Give up a request; what is being made audible ends, and is then not wanted any more."""
        with self._lock:
            self._waiting = [entry for entry in self._waiting if entry[1].ticket != ticket]
            for job in self._taken:
                job.withdrawn = job.withdrawn or job.ticket == ticket

    def collect(self, seconds: float) -> list[tuple[Job, Outcome]]:
        """Return what is done, after waiting for so many seconds at most.

        Raises `EngineDeadError` when the GPU failed.
        """
        deadline = time.perf_counter() + min(seconds, _LONGEST_WAIT_SECONDS)
        if self.wants_turn:
            self._finishing += self._take_turn()
        outcomes = self._ended()
        while not outcomes and self.busy and not self.wants_turn:
            left = deadline - time.perf_counter()
            if left <= 0:
                break
            awaited: list[Future[Any]] = [*self._turns, *(done for _, done in self._finishing[:1])]
            wait(awaited, left, FIRST_COMPLETED)
            outcomes = self._ended()
        collected = {job for job, _ in outcomes}
        with self._lock:
            self._taken = [job for job in self._taken if job not in collected]
        return outcomes

    def close(self) -> None:
        """Forget everything, and end the threads."""
        self._waiting, self._turns, self._finishing = [], [], []
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=True)
        self._finisher.close()

    def _ended(self) -> list[tuple[Job, Outcome]]:
        """Return what is done, in the order in which it was taken on."""
        turns = [turn for turn in self._turns if turn.done()]
        self._turns = [turn for turn in self._turns if turn not in turns]
        self._finishing += [finishing for turn in turns for finishing in turn.result()]
        outcomes = []
        while self._finishing and self._finishing[0][1].done():
            job, done = self._finishing.pop(0)
            outcomes.append((job, done.result()))
        return outcomes

    def _ready(self) -> list[tuple[tuple[int, ...], Job]]:
        """Return what waits and whose time has come."""
        return [entry for entry in self._waiting if not self.too_early(entry[1])]

    def _take_turn(self) -> list[_Finishing]:
        """Make the sentence that has waited longest audible, and others of its length with it."""
        with self._lock:
            ready = self._ready()
            alike = [job for shape, job in ready if shape == ready[0][0]]
            group = alike[: self._spec.vocoder_batch]
            self._taken += group
            self._waiting = [entry for entry in self._waiting if entry[1] not in group]
        return list(zip(group, self._speak(group), strict=True)) if group else []

    def _sounds(self, job: Job) -> Sounds:
        attempt = job.best
        tokens = speech_tokens(attempt.decoded.tokens, turbo=MODELS[self._spec.model].is_gpt)
        return Sounds(tokens, job.prepared.gen, attempt.seed, attempt.decoded.random_state)

    def _speak(self, jobs: list[Job]) -> list[Future[Outcome]]:
        """Make sentences of one shape audible. One that fails does not fail the others."""
        for job in jobs:
            job.begin()
        try:
            waves = self._waves(jobs)
        except OutOfMemoryError as error:
            if len(jobs) == 1:
                return [ended(error)]
            return [done for job in jobs for done in self._speak([job])]
        except Exception as error:
            return [ended(to_error(error)) for _ in jobs]
        for job in jobs:
            job.spend("vocode")
        return [
            self._finisher.submit(functools.partial(self._judged, job, wave))
            for job, wave in zip(jobs, waves, strict=True)
        ]

    def _waves(self, jobs: list[Job]) -> list[Samples]:
        batch = [self._sounds(job) for job in jobs]
        if not len(batch[0].tokens):
            raise EngineError(
                Translatable("The voice engine made no sound for this text. Try other words.")
            )
        with self._failures.explained():
            return self._vocoder.speak(batch)

    def _judged(self, job: Job, samples: Samples) -> Outcome:
        try:
            if self._is_to_be_judged(job):
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

    def _is_to_be_judged(self, job: Job) -> bool:
        """Whether something else can be spoken if the samples of the best attempt are bad."""
        if not self._check.enabled or job.best.heard:
            return False
        return job.retries < self._check.retries or job.has_other

    def _speech(self, job: Job, samples: Samples) -> Speech:
        notes = ignored_notes(self._spec.model, job.request)
        if (asked := job.request.settings.takes or 1) > job.takes:
            notes += (fewer_takes(asked, job.takes),)
        speech = to_speech(samples, self._model.sr, job.timings, job.request.delivery, notes=notes)
        # The last reading is spoken as it is, with nobody to say whether it is silent.
        doubtful = bool(job.best.faults) or (job.retries > 0 and not self._is_to_be_judged(job))
        return dataclasses.replace(speech, retries=job.retries, doubtful=doubtful)
