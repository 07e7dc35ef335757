"""Speaking several sentences together by continuous batching.

A sentence joins the ones under way when a slot is free and leaves when it ends. What has ended is
made audible while the rest is decoded: in a thread of its own where there is a GPU, which both
keep busy; at once on a CPU, where two threads would only take turns.
"""

from __future__ import annotations

import dataclasses
import logging
import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from typing import Any, ParamSpec, TypeVar

from bot.errors import EngineError
from bot.speech.engines.base import Samples, stage, to_error, to_speech
from bot.speech.engines.chatterbox import judge
from bot.speech.engines.chatterbox.failures import Failures
from bot.speech.engines.chatterbox.job import Attempt, Job
from bot.speech.engines.chatterbox.prompts import (
    MAX_SPEECH_TOKENS,
    conditioning,
    sampling_settings,
    text_tokens,
)
from bot.speech.engines.chatterbox.t3.decoder import Decoded, Prompt, T3Decoder
from bot.speech.engines.chatterbox.t3.sampling import Sampling
from bot.speech.engines.chatterbox.vocoder import Sounds, Vocoder, speech_tokens
from bot.speech.engines.chatterbox.voices import PreparedVoices
from bot.speech.types import EngineSpec, Speech, SynthesisRequest, SynthesisResult
from bot.speech.voice_settings import ignored_notes

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

_MAX_TOGETHER = 8
"""Sentences of equal length in one pass of S3Gen, on a GPU. Rounding then differs from one pass
each (by 1e-7 of full scale); a CPU gains nothing by it and keeps to the bit."""

_Outcome = SynthesisResult | tuple[str, ...]
"""A result, or the faults for which the sentence is to be spoken again."""


class BatchSpeaker:
    """Speaks what is submitted, as many at a time as the decoder has slots.

    overlapped: whether a thread of its own makes sentences audible.
    """

    def __init__(
        self,
        model: Any,
        spec: EngineSpec,
        voices: PreparedVoices,
        failures: Failures,
        decoder: T3Decoder,
        *,
        overlapped: bool,
    ) -> None:
        self._model, self._spec, self._voices = model, spec, voices
        self._failures, self._decoder = failures, decoder
        self._check = spec.self_check
        self._together = _MAX_TOGETHER if overlapped else 1
        self._vocoder = Vocoder(model)
        self._executor: Executor = ThreadPoolExecutor(1, "vocoder") if overlapped else _Inline()
        self._waiting: deque[Job] = deque()
        self._decoding: dict[int, Job] = {}
        self._sounding: dict[Future[list[_Outcome]], list[Job]] = {}
        self._done: list[tuple[int, SynthesisResult]] = []
        self.slots = decoder.slots

    @property
    def busy(self) -> bool:
        """Whether a sentence is under way or its result not taken yet."""
        return bool(self._waiting or self._decoding or self._sounding or self._done)

    def submit(self, ticket: int, request: SynthesisRequest) -> None:
        """Take on a request; it waits for a slot."""
        seed = request.settings.seed
        if seed is None:
            seed = secrets.randbits(62)
        self._waiting.append(Job(ticket, request, seed))

    def advance(self, seconds: float) -> list[tuple[int, SynthesisResult]]:
        """Work until a sentence is done, for about so many seconds; return what is done."""
        deadline = time.perf_counter() + seconds
        while self.busy and not self._done:
            self._admit()
            self._decode()
            self._collect(deadline)
            if time.perf_counter() >= deadline:
                break
        done, self._done = self._done, []
        return done

    def abandon(self) -> None:
        """Forget everything that is under way, and end the thread."""
        for slot in self._decoding:
            self._decoder.drop(slot)
        self._waiting.clear()
        self._decoding.clear()
        self._sounding.clear()
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _admit(self) -> None:
        while self._waiting and not self._decoder.full:
            job = self._waiting.popleft()
            job.begin()
            try:
                with self._failures.explained():
                    slot = self._decoder.start(self._prompt(job))
            except Exception as error:
                self._finish(job, to_error(error))
            else:
                self._decoding[slot] = job

    def _prompt(self, job: Job) -> Prompt:
        request, model = job.request, self._spec.model
        tokens = text_tokens(self._model, model, request)
        settings = sampling_settings(model, request)
        exaggeration = settings.pop("exaggeration", None)
        settings.setdefault("cfg_weight", 0.0)
        asked = request.settings.temperature is not None
        if self._check.steady_short and not asked and judge.is_short(request.text):
            settings["temperature"] = judge.STEADY_TEMPERATURE
        if job.prepared is None:
            job.prepared = self._voices.get(request.voice, job.timings)
            job.begin()
        return Prompt(
            conditioning(job.prepared, exaggeration),
            tokens,
            job.next_seed,
            Sampling(**settings),
            self._token_limit(request),
        )

    def _token_limit(self, request: SynthesisRequest) -> int:
        if self._check.enabled:
            return judge.token_limit(request.text, request.language)
        # Stock's turbo model counts the first token apart.
        return MAX_SPEECH_TOKENS + (self._spec.model == "turbo")

    def _decode(self) -> None:
        try:
            with self._failures.explained():
                ended = self._decoder.step()
        except Exception as error:
            self._fail_decoding(error)
            return
        ready = []
        for slot, decoded in ended.items():
            job = self._decoding.pop(slot)
            job.spend("decode")
            if self._passes(job, decoded):
                ready.append(job)
        self._sound(ready)

    def _passes(self, job: Job, decoded: Decoded) -> bool:
        """Whether to make an attempt at the sentence audible; otherwise it is decoded again."""
        faults: tuple[str, ...] = ()
        if self._check.enabled:
            with stage(job.timings, "check"):
                faults = judge.token_faults(
                    decoded.tokens,
                    stopped=decoded.stopped,
                    text=job.request.text,
                    language=job.request.language,
                )
        job.attempts.append(Attempt(job.next_seed, decoded, faults))
        return not (faults and self._try_again(job, faults))

    def _try_again(self, job: Job, faults: Sequence[str]) -> bool:
        if job.retries >= self._check.retries:
            return False
        job.retries += 1
        log.warning(
            "a sentence of %d characters went wrong (%s); speaking it again, %d of %d",
            len(job.request.text),
            ", ".join(faults),
            job.retries,
            self._check.retries,
        )
        self._waiting.appendleft(job)
        return True

    def _sound(self, ready: Sequence[Job]) -> None:
        groups: dict[tuple[int, ...], list[Job]] = {}
        for job in ready:
            groups.setdefault(self._sounds(job).shape, []).append(job)
        for jobs in groups.values():
            for start in range(0, len(jobs), self._together):
                part = jobs[start : start + self._together]
                self._sounding[self._executor.submit(self._speak, part)] = part

    def _sounds(self, job: Job) -> Sounds:
        attempt = job.best
        tokens = speech_tokens(attempt.decoded.tokens, turbo=self._spec.model == "turbo")
        return Sounds(tokens, job.prepared.gen, attempt.seed, attempt.decoded.random_state)

    def _speak(self, jobs: Sequence[Job]) -> list[_Outcome]:
        """Make sentences of one shape audible; runs in the vocoder's thread."""
        for job in jobs:
            job.begin()
        batch = [self._sounds(job) for job in jobs]
        if not len(batch[0].tokens):
            raise EngineError("The voice engine made no sound for this text. Try other words.")
        with self._failures.explained():
            waves = self._vocoder.speak(batch)
        for job in jobs:
            job.spend("vocode")
        return [self._outcome(job, wave) for job, wave in zip(jobs, waves, strict=True)]

    def _outcome(self, job: Job, samples: Samples) -> _Outcome:
        rate = self._model.sr
        if self._check.enabled:
            with stage(job.timings, "check"):
                faults = judge.wave_faults(samples, rate)
                if faults and job.retries < self._check.retries:
                    return faults
        if self._check.trim_tail:
            with stage(job.timings, "check"):
                samples = judge.trim_tail(samples, rate)
        with stage(job.timings, "watermark"):
            samples = self._vocoder.mark(samples)
        return self._speech(job, samples)

    def _speech(self, job: Job, samples: Samples) -> Speech:
        notes = ignored_notes(self._spec.model, job.request)
        speech = to_speech(samples, self._model.sr, job.timings, notes=notes)
        return dataclasses.replace(speech, retries=job.retries)

    def _collect(self, deadline: float) -> None:
        if self._sounding and not self._decoding:
            rest = max(0.0, deadline - time.perf_counter())
            wait(self._sounding, min(rest, 3600.0), FIRST_COMPLETED)
        for future in [future for future in self._sounding if future.done()]:
            self._take(self._sounding.pop(future), future)

    def _take(self, jobs: Sequence[Job], future: Future[list[_Outcome]]) -> None:
        try:
            outcomes = future.result()
        except Exception as error:
            for job in jobs:
                self._finish(job, to_error(error))
            return
        for job, outcome in zip(jobs, outcomes, strict=True):
            if isinstance(outcome, tuple):
                self._reject(job, outcome)
            else:
                self._finish(job, outcome)

    def _reject(self, job: Job, faults: tuple[str, ...]) -> None:
        last = job.attempts[-1]
        job.attempts[-1] = dataclasses.replace(last, faults=last.faults + faults)
        self._try_again(job, faults)

    def _fail_decoding(self, error: Exception) -> None:
        jobs, self._decoding = self._decoding, {}
        for slot, job in jobs.items():
            self._decoder.drop(slot)
            self._finish(job, to_error(error))

    def _finish(self, job: Job, result: SynthesisResult) -> None:
        self._done.append((job.ticket, result))


class _Inline(Executor):
    """Runs what is submitted at once, in the thread that submits it."""

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        future: Future[R] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future
