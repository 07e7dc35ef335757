"""Speaking several sentences together by continuous batching.

A sentence joins the ones under way when a slot is free and leaves when it ends. What has ended is
made audible while the rest is decoded: in a thread of its own where there is a GPU, which both
keep busy; in turn on a CPU, where two threads would only take turns.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from bot.errors import EngineError, OutOfMemoryError
from bot.i18n import Translatable
from bot.speech.engines.base import stage, to_error
from bot.speech.engines.chatterbox import judge
from bot.speech.engines.chatterbox.failures import Failures
from bot.speech.engines.chatterbox.job import Attempt, Job
from bot.speech.engines.chatterbox.prompts import (
    MAX_SPEECH_TOKENS,
    conditioning,
    sampling_settings,
    text_tokens,
)
from bot.speech.engines.chatterbox.sounder import Sounder
from bot.speech.engines.chatterbox.t3.decoder import Decoded, NotFiniteError, Prompt, T3Decoder
from bot.speech.engines.chatterbox.t3.sampling import Sampling
from bot.speech.engines.chatterbox.voices import PreparedVoices
from bot.speech.models import MODELS
from bot.speech.types import EngineSpec, SynthesisRequest, SynthesisResult
from bot.text.words import spoken_language

log = logging.getLogger(__name__)

_NOT_FINITE = Translatable(
    "The voice engine computed numbers that are not finite for this text. Try other words; if it "
    "happens with every text, the model's files are damaged."
)


class BatchSpeaker:
    """Speaks what is submitted, as many at a time as the decoder has slots.

    overlapped: whether a thread of its own makes sentences audible. in_float32: makes the decoder
    that follows one whose half precision is too coarse; None where it computes in float32 already.
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
        in_float32: Callable[[], T3Decoder] | None = None,
    ) -> None:
        self._model, self._spec, self._voices = model, spec, voices
        self._failures, self._decoder = failures, decoder
        self._in_float32, self._too_coarse = in_float32, False
        self._check = spec.self_check
        self._sounder = Sounder(model, spec, failures, overlapped=overlapped)
        if not overlapped:
            self._sounder.too_early = self._is_too_early
        self._waiting: deque[Job] = deque()
        self._decoding: dict[int, tuple[Job, int]] = {}  # with the number of the attempt
        self._done: list[tuple[int, SynthesisResult]] = []
        self._starved = False  # nothing can begin before the vocoder lets go of its memory
        self.slots = self._most = decoder.slots

    @property
    def busy(self) -> bool:
        """Whether a sentence is under way or its result not taken yet."""
        return bool(self._waiting or self._decoding or self._sounder.busy or self._done)

    def submit(self, ticket: int, request: SynthesisRequest) -> None:
        """Take on a request; it waits for a slot."""
        seed = request.settings.seed
        if seed is None:
            seed = secrets.randbits(62)
        takes = min(request.settings.takes or 1, self.slots)
        self._waiting.append(Job(ticket, request, seed, takes=takes))

    def advance(self, seconds: float) -> list[tuple[int, SynthesisResult]]:
        """Work until a sentence is done, for about so many seconds; return what is done."""
        deadline = time.perf_counter() + seconds
        while self.busy and not self._done:
            # Of two that ended together, the first is heard before the second is made audible.
            if not self._sounder.wants_turn:
                self._admit()
                self._decode()
            self._collect(deadline)
            if time.perf_counter() >= deadline:
                break
        done, self._done = self._done, []
        if not self.busy:
            self._most = self.slots
        return done

    def withdraw(self, ticket: int) -> None:
        """Give up a request, however far it is."""
        self._waiting = deque(job for job in self._waiting if job.ticket != ticket)
        self._done = [done for done in self._done if done[0] != ticket]
        self._drop(ticket)
        self._sounder.withdraw(ticket)

    def abandon(self) -> None:
        """Forget everything that is under way, and end the thread."""
        for slot in self._decoding:
            self._decoder.drop(slot)
        self._waiting.clear()
        self._decoding.clear()
        self._sounder.close()

    def _admit(self) -> None:
        if (self._starved or self._too_coarse) and self._sounder.busy:
            return
        self._starved = False
        if self._too_coarse:
            self._refine()
        while self._waiting and len(self._decoding) < self._most:
            job = self._waiting.popleft()
            try:
                self._begin(job)
            except OutOfMemoryError as error:
                self._wait_for_memory([job], error, most=len(self._decoding))
                break
            except Exception as error:
                self._drop(job.ticket)
                self._finish(job, to_error(error))
            else:
                if job.to_begin:  # its other takes go before whoever came later
                    self._waiting.appendleft(job)

    def _begin(self, job: Job) -> None:
        """Begin to decode the next attempt at a sentence."""
        if not self._is_decoding(job):
            job.begin()
        with self._failures.explained():
            slot = self._decoder.start(self._prompt(job, job.to_begin[0]))
        self._decoding[slot] = job, job.to_begin.pop(0)

    def _is_too_early(self, job: Job) -> bool:
        """Whether a sentence that is heard before this one is still being decoded.

        Only one that was begun sooner: whoever comes later keeps nobody waiting.
        """
        return any(
            other.ticket < job.ticket and other.request.rank < job.request.rank
            for other, _ in self._decoding.values()
        )

    def _is_decoding(self, job: Job) -> bool:
        return any(other is job for other, _ in self._decoding.values())

    def _drop(self, ticket: int) -> None:
        """Give up what is being decoded of a request."""
        for slot, (job, _) in list(self._decoding.items()):
            if job.ticket == ticket:
                self._decoder.drop(slot)
                del self._decoding[slot]

    def _prompt(self, job: Job, number: int) -> Prompt:
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
            job.seed_of(number),
            Sampling(**settings),
            self._token_limit(request),
        )

    def _token_limit(self, request: SynthesisRequest) -> int:
        if self._check.enabled:
            most = MODELS[self._spec.model].piece_seconds
            return judge.token_limit(request.text, self._language(request), most)
        # Stock's turbo model counts the first token apart.
        return MAX_SPEECH_TOKENS + MODELS[self._spec.model].is_gpt

    def _language(self, request: SynthesisRequest) -> str:
        """Return what the model speaks, whatever language the text is said to be in."""
        return spoken_language(request.language, MODELS[self._spec.model].languages)

    def _decode(self) -> None:
        try:
            with self._failures.explained():
                ended = self._decoder.step()
        except NotFiniteError as error:
            self._begin_anew(error)
            return
        except Exception as error:
            self._fail_decoding(error)
            return
        ready = []
        for slot, decoded in ended.items():
            job, number = self._decoding.pop(slot)
            job.spend("decode")
            self._judge(job, number, decoded)
            # The best take is known when all of them are there.
            if not job.to_begin and not self._is_decoding(job) and self._passes(job):
                ready.append(job)
        self._sounder.submit(ready)

    def _passes(self, job: Job) -> bool:
        """Whether to make the best attempt audible; otherwise the sentence is decoded again."""
        faults = job.best.faults
        return not (faults and self._try_again(job, faults))

    def _judge(self, job: Job, number: int, decoded: Decoded) -> None:
        faults: tuple[str, ...] = ()
        text, language = job.request.text, self._language(job.request)
        if self._check.enabled:
            with stage(job.timings, "check"):
                faults = judge.token_faults(
                    decoded.tokens,
                    stopped=decoded.stopped,
                    text=text,
                    language=language,
                )
        odd = judge.oddness(decoded.tokens, text, language) if job.takes > 1 else 0.0
        job.attempts.append(Attempt(job.seed_of(number), decoded, faults, number, odd))

    def _try_again(self, job: Job, faults: Sequence[str]) -> bool:
        if job.retries >= self._check.retries:
            return False
        job.begin_again()
        log.warning(
            "a sentence of %d characters went wrong (%s); speaking it again, %d of %d",
            len(job.request.text),
            ", ".join(faults),
            job.retries,
            self._check.retries,
        )
        self._waiting.appendleft(job)
        return True

    def _collect(self, deadline: float) -> None:
        # While sentences are decoded, there is no time to wait.
        seconds = 0.0 if self._decoding else deadline - time.perf_counter()
        for job, outcome in self._sounder.collect(seconds):
            if isinstance(outcome, tuple):
                self._reject(job, outcome)
            else:
                self._finish(job, outcome)

    def _reject(self, job: Job, faults: tuple[str, ...]) -> None:
        job.note_faults(faults)
        if job.withdrawn:
            return
        # Another take, which was not heard yet, or else the least bad one.
        if self._passes(job):
            self._sounder.submit([job])

    def _fail_decoding(self, error: Exception) -> None:
        lost = self._take_back()
        jobs = list(dict.fromkeys(lost.values()))
        if isinstance(error, OutOfMemoryError):
            self._wait_for_memory(jobs, error, most=len(lost) // 2)
            return
        for job in jobs:
            self._finish(job, to_error(error))

    def _begin_anew(self, error: NotFiniteError) -> None:
        """Decode what is under way from the start, in float32; fail what that does not help."""
        lost = self._take_back()
        jobs = list(dict.fromkeys(lost.values()))
        if self._in_float32 is None:
            for job in dict.fromkeys(lost[slot] for slot in error.slots):
                jobs.remove(job)
                self._finish(job, EngineError(_NOT_FINITE))
        else:
            self._too_coarse = True
        self._waiting.extendleft(reversed(jobs))

    def _take_back(self) -> dict[int, Job]:
        """Drop what is being decoded, to begin anew or to fail; return it by slot.

        Other takes of the same sentences that wait are with them again.
        """
        lost, self._decoding = self._decoding, {}
        for slot, (job, number) in lost.items():
            self._decoder.drop(slot)
            job.to_begin = sorted([*job.to_begin, number])
        jobs = {slot: job for slot, (job, _) in lost.items()}
        self._waiting = deque(job for job in self._waiting if job not in jobs.values())
        return jobs

    def _refine(self) -> None:
        """Go on in float32. Not while the vocoder's thread is busy: a capture bears no company.

        Raises `EngineDeadError` where there is too little memory for that.
        """
        in_float32, self._in_float32, self._too_coarse = self._in_float32, None, False
        assert in_float32 is not None
        log.warning(
            "T3 computed numbers that are not finite in half precision; going on in fp32 with the "
            "weights as they were rounded, which is slower. To have them whole, set [engine] "
            'precision = "fp32" and start the bot again.'
        )
        del self._decoder  # its memory is wanted
        self._decoder = in_float32()
        self.slots = self._most = self._decoder.slots

    def _wait_for_memory(self, jobs: Sequence[Job], error: OutOfMemoryError, *, most: int) -> None:
        """Begin sentences anew: so many together at most until all that waits is spoken, or a
        single one when the vocoder is done. Where neither frees memory, they fail."""
        if most:
            log.warning("too little memory for %d sentences; going on with %d", self._most, most)
            self._most = most
        elif self._sounder.busy:
            self._starved = True
        else:
            for job in jobs:
                self._finish(job, error)
            return
        self._waiting.extendleft(reversed(jobs))

    def _finish(self, job: Job, result: SynthesisResult) -> None:
        if not job.withdrawn:
            self._done.append((job.ticket, result))
