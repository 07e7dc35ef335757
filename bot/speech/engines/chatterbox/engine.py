"""A `SpeechEngine` over chatterbox-tts: what it is made of."""

from __future__ import annotations

import dataclasses
import functools
import gc
import itertools
import math
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bot.errors import EngineDeadError, OutOfMemoryError
from bot.speech.engines.base import Samples
from bot.speech.engines.chatterbox.device import (
    MAX_SLOTS,
    choose_precision,
    choose_slots,
    describe_precision,
    slot_bytes,
)
from bot.speech.engines.chatterbox.failures import Failures
from bot.speech.engines.chatterbox.loading import load_found, locate
from bot.speech.engines.chatterbox.prompts import context_length
from bot.speech.engines.chatterbox.speakers import embedding
from bot.speech.engines.chatterbox.stock import choose_device, import_package
from bot.speech.engines.chatterbox.stock_speech import StockSpeaker
from bot.speech.engines.chatterbox.threads import settle_waiting
from bot.speech.engines.chatterbox.voices import PreparedVoices
from bot.speech.types import EngineInfo, EngineSpec, SynthesisRequest, SynthesisResult
from storage.types import ReferenceClip

if TYPE_CHECKING:
    from bot.speech.engines.chatterbox.batch import BatchSpeaker
    from bot.speech.engines.chatterbox.products import Layout
    from bot.speech.engines.chatterbox.t3.decoder import T3Decoder


class ChatterboxEngine:
    """Speaks in cloned voices, several sentences at a time.

    One thread uses it. Raises `EngineDeadError` when the package, the checkpoint, the device or the
    memory is wanting.
    """

    def __init__(self, spec: EngineSpec, reason: str, more: str = "") -> None:
        """reason: why it is this engine. more: what it would take to have a better model."""
        start = time.perf_counter()
        settle_waiting()
        # Without it, cuBLAS may round differently when two streams compute.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        self._torch = import_package("torch")
        device = choose_device(self._torch, spec.device)
        if device.startswith("cuda:"):
            # Streams and graphs are made on the current device, which is the first one otherwise.
            self._torch.cuda.set_device(device)
        elif device == "cpu":
            # Numbers next to zero take a processor a hundred times as long as others. Threads have
            # this from whoever starts them, so it comes before torch starts any.
            self._torch.set_flush_denormal(True)
        self._computes = ""
        found = locate(spec, device)
        self._model = load_found(found, device, online=spec.checkpoint is None)
        spec = dataclasses.replace(spec, model=found.model.name)
        self.voices = PreparedVoices(self._model, spec)
        self._speaker = self._open_speaker(spec, device)
        # Below the tickets of `submit`, which are not negative.
        self._tickets = itertools.count(-1, -1)
        self._others: list[tuple[int, SynthesisResult]] = []
        self.info = EngineInfo(
            kind="chatterbox",
            model=spec.model,
            device=device,
            clones=True,
            reason=reason,
            load_seconds=time.perf_counter() - start,
            slots=self._speaker.slots,
            notes=tuple(filter(None, (found.note, more))),
            computes=self._computes,
            decode=spec.decode,
        )

    @property
    def busy(self) -> bool:
        """Whether sentences are under way."""
        return self._speaker.busy or bool(self._others)

    def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Speak the requests together; see `SpeechEngine`."""
        tickets = [next(self._tickets) for _ in batch]
        for ticket, request in zip(tickets, batch, strict=True):
            self._speaker.submit(ticket, request)
        results: dict[int, SynthesisResult] = {}
        while len(results) < len(batch):
            for ticket, result in self._speaker.advance(math.inf):
                if ticket in tickets:
                    results[ticket] = result
                else:
                    self._others.append((ticket, result))
        return [results[ticket] for ticket in tickets]

    def submit(self, ticket: int, request: SynthesisRequest) -> None:
        """Take on a request under a ticket of 0 or more; see `ContinuousEngine`."""
        self._speaker.submit(ticket, request)

    def advance(self, seconds: float) -> list[tuple[int, SynthesisResult]]:
        """Work on what was submitted; see `ContinuousEngine`."""
        others, self._others = self._others, []
        return others or self._speaker.advance(seconds)

    def withdraw(self, ticket: int) -> None:
        """Give up a request; see `ContinuousEngine`."""
        self._others = [other for other in self._others if other[0] != ticket]
        self._speaker.withdraw(ticket)

    def forget(self, clip_sha256: str) -> None:
        """Drop a prepared voice; see `PreparingEngine`."""
        self.voices.forget(clip_sha256)

    def embedding(self, clip: ReferenceClip) -> Samples | None:
        """Return the direction in which a clip's speaker lies; see `ComparingEngine`."""
        return embedding(self._model.ve, clip)

    def close(self) -> None:
        """Drop the model and the prepared voices."""
        self._speaker.abandon()
        del self._speaker, self._model, self.voices
        gc.collect()  # they refer to each other
        self._free_device_memory()

    def _open_speaker(self, spec: EngineSpec, device: str) -> BatchSpeaker | StockSpeaker:
        failures = Failures(self._free_memory)
        if spec.decode == "stock":
            return StockSpeaker(self._model, spec, self.voices, failures)
        # They import torch, which takes seconds, and is known to be installed only here.
        from bot.speech.engines.chatterbox.batch import BatchSpeaker

        float32 = self._torch.float32
        dtype, layout = self._choose_numbers(spec, device)
        open_in = functools.partial(self._open_decoder, spec, device, failures, layout)
        return BatchSpeaker(
            self._model,
            spec,
            self.voices,
            failures,
            open_in(dtype),
            overlapped=device.startswith("cuda"),
            in_float32=None if dtype == float32 else functools.partial(open_in, float32),
        )

    def _open_decoder(
        self, spec: EngineSpec, device: str, failures: Failures, layout: Layout | None, dtype: Any
    ) -> T3Decoder:
        from bot.speech.engines.chatterbox.t3.backbone import set_precision
        from bot.speech.engines.chatterbox.t3.decoder import T3Decoder
        from bot.speech.engines.chatterbox.t3.graphs import whole_lengths

        t3 = self._model.t3
        try:
            with failures.explained():
                set_precision(t3, dtype)
                self._free_device_memory()
                context = whole_lengths(context_length(t3))
                slots = spec.slots or choose_slots(
                    self._torch, device, slot_bytes(t3, context, dtype)
                )
                return T3Decoder(
                    t3,
                    slots=slots,
                    context=context,
                    graphs=spec.graphs,
                    fused=spec.fused,
                    layout=layout,
                )
        except OutOfMemoryError:
            raise EngineDeadError(
                f"There is too little memory to speak with the {spec.model} model. Close other "
                "programs, set [engine] slots = 1, or choose another device."
            ) from None

    def _choose_numbers(self, spec: EngineSpec, device: str) -> tuple[Any, Layout | None]:
        """Return T3's type and the layout of its weights, as the settings or the device ask.

        On a CPU, S3Gen computes as they ask from then on.
        """
        from bot.speech.engines.chatterbox.cpu import choose_numbers
        from bot.speech.engines.chatterbox.rounded import round_products

        if device != "cpu":
            dtype = choose_precision(self._torch, device, spec.precision)
            self._computes = describe_precision(dtype, spec.flow_precision)
            return dtype, None
        alone = 1 if self._model.t3.is_gpt else 2
        together = alone * (spec.slots or MAX_SLOTS["cpu"])
        numbers = choose_numbers(spec.precision, spec.flow_precision, (alone, together))
        self._computes = numbers.told
        if numbers.flow == "bf16":
            round_products(self._model.s3gen.flow)
        return numbers.dtype, numbers.layout

    def _free_memory(self) -> None:
        self.voices.clear()
        self._free_device_memory()

    def _free_device_memory(self) -> None:
        if self._torch.cuda.is_available():
            self._torch.cuda.empty_cache()
