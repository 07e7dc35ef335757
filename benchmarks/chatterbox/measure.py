"""What is measured, and how."""

from __future__ import annotations

import dataclasses
import gc
import os
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from bot.speech.engines.base import to_speech
from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.engines.chatterbox.stock import choose_device, load_model
from bot.speech.engines.chatterbox.voices import TOKENS_PER_SECOND
from bot.speech.types import (
    EngineSpec,
    SelfCheck,
    Speech,
    SynthesisRequest,
    VoiceReference,
    VoiceSettings,
)
from storage.clips import clip_path, write_clip
from storage.types import CLIP_SAMPLE_RATE, ReferenceClip
from tools.random_checkpoint import SPEECH_TOKENS, make_checkpoint, move_end

SENTENCES = (
    "Good evening, everyone.",
    "The trains to the coast run every hour until midnight, and the last one waits for the ferry.",
    "Please take your seats now, because the doors will be closed a minute before we leave.",
)
TOKENS_PER_CHARACTER = 25 / 15
"""English is read at about 15 characters a second, and a second is 25 tokens."""

RATE_TOKENS = 60
"""Tokens of each text whose decoding is timed."""

REFERENCE_SECONDS = 10.0
_UNCHECKED = SelfCheck(enabled=False, retries=0, trim_tail=False, steady_short=False)
_BATCHES = (1, 4, 8)


def measure(directory: Path, *, full_size: bool, device: str, threads: int) -> dict[str, Any]:
    """Return all figures; times in seconds."""
    # As the engine sets it; stock has the benefit of it, too.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    warnings.filterwarnings("ignore")
    torch.set_num_threads(threads)
    checkpoint = directory / "checkpoint"
    checkpoint.mkdir()
    make_checkpoint("english", checkpoint, full_size=full_size)
    spec = EngineSpec(
        "chatterbox",
        "english",
        checkpoint,
        choose_device(torch, device),
        slots=max(_BATCHES),
        self_check=_UNCHECKED,
    )
    voice = _store_voice(directory)
    stock_text, stock_rate = _measure_stock(spec, directory / "reference.wav")
    gc.collect()
    own_text, rates = _measure_own(spec, voice)
    rates = {"stock": stock_rate, **rates}
    sooner = stock_text["first_packet_seconds"] / own_text["first_packet_seconds"]
    return {
        "size": "full" if full_size else "tiny",
        "device": _device_name(torch, spec.device),
        "threads": threads,
        "three_sentences": {"stock": stock_text, "mynah": own_text},
        "tokens_per_second": {name: round(rate, 2) for name, rate in rates.items()},
        "first_packet_times_sooner": round(sooner, 2),
        "batch_of_4_times_faster": round(rates["own, batch of 4"] / rates["stock"], 2),
    }


def _measure_stock(spec: EngineSpec, reference: Path) -> tuple[dict[str, float], float]:
    import torch

    model = load_model(spec, spec.device)
    model.prepare_conditionals(str(reference))  # the first ever sets libraries up
    tokens = sum(map(_tokens_of, SENTENCES))
    torch.manual_seed(0)
    with _ending_after(model.t3, tokens):
        start = time.perf_counter()
        wave = model.generate(" ".join(SENTENCES), audio_prompt_path=str(reference))
        speech = to_speech(wave[0].numpy(), model.sr, {})
        total = time.perf_counter() - start
    text = _timed_text(total, total, speech.seconds)
    _require_length(speech.seconds, tokens)
    with _ending_after(model.t3, RATE_TOKENS):
        return text, _best_rate(lambda: _decode_stock(model))


def _decode_stock(model: Any) -> int:
    import torch
    import torch.nn.functional as F  # noqa: N812 (torch's own name for it)

    text = F.pad(model.tokenizer.text_to_tokens(SENTENCES[1]).to(model.device), (1, 1))
    text[:, 0] = model.t3.hp.start_text_token
    torch.manual_seed(0)
    decoded = model.t3.inference(
        t3_cond=dataclasses.replace(model.conds.t3),
        text_tokens=text.repeat(2, 1),
        max_new_tokens=RATE_TOKENS + 1,
        top_p=1.0,
    )
    return int(decoded.shape[1])


def _measure_own(
    spec: EngineSpec, voice: VoiceReference
) -> tuple[dict[str, float], dict[str, float]]:
    engine = ChatterboxEngine(spec, "the benchmark asks for it")
    engine.synthesize([_request("Hello.", voice)])  # known, and all set up
    t3, times, seconds = engine._model.t3, [0.0], 0.0
    for sentence in SENTENCES:
        with _ending_after(t3, _tokens_of(sentence)):
            start = time.perf_counter()
            (speech,) = engine.synthesize([_request(sentence, voice)])
            times.append(times[-1] + time.perf_counter() - start)
        assert isinstance(speech, Speech), speech
        _require_length(speech.seconds, _tokens_of(sentence))
        seconds += speech.seconds
    with _ending_after(t3, RATE_TOKENS):
        rates = {_name(batch): _own_rate(engine, voice, batch) for batch in _BATCHES}
    engine.close()
    return _timed_text(times[1], times[-1], seconds), rates


def _own_rate(engine: ChatterboxEngine, voice: VoiceReference, batch: int) -> float:
    decoder = engine._speaker._decoder  # type: ignore[union-attr]  # not the stock speaker
    requests = [_request(SENTENCES[1], voice, seed) for seed in range(batch)]

    def decode() -> int:
        for ticket, request in enumerate(requests):
            engine.submit(ticket, request)
            engine._speaker._admit()  # type: ignore[union-attr]
        tokens = 0
        while decoder.running:
            tokens += sum(len(done.tokens) for done in decoder.step().values())
        engine._speaker._decoding.clear()  # type: ignore[union-attr]
        return tokens

    return _best_rate(decode)


def _request(text: str, voice: VoiceReference, seed: int = 0) -> SynthesisRequest:
    return SynthesisRequest(text, voice, settings=VoiceSettings(seed=seed))


def _best_rate(decode: Callable[[], int]) -> float:
    """Tokens a second of the quicker one of two runs: the first sets things up."""
    rates = []
    for _ in range(2):
        start = time.perf_counter()
        tokens = decode()
        rates.append(tokens / (time.perf_counter() - start))
        _require_length(tokens / TOKENS_PER_SECOND, round(tokens / RATE_TOKENS) * RATE_TOKENS)
    return max(rates)


def _require_length(seconds: float, tokens: int) -> None:
    """Compare only what was really spoken: a text that ended early would look quick."""
    if abs(seconds * TOKENS_PER_SECOND - tokens) > max(2, 0.05 * tokens):
        raise RuntimeError(f"{seconds:.2f} s were spoken, not {tokens / TOKENS_PER_SECOND:.2f}.")


@contextmanager
def _ending_after(t3: Any, tokens: int) -> Iterator[None]:
    move_end(t3, SPEECH_TOKENS, tokens)
    try:
        yield
    finally:
        move_end(t3, tokens, SPEECH_TOKENS)


def _store_voice(directory: Path) -> VoiceReference:
    """Ten seconds that sound a little like a voice, in storage and as a WAV file for stock."""
    count = round(REFERENCE_SECONDS * CLIP_SAMPLE_RATE)
    at = np.arange(count) / CLIP_SAMPLE_RATE
    buzz = sum(np.sin(2 * np.pi * 120 * k * at) / k for k in range(1, 20))
    samples = 0.1 * buzz * (1 + np.sin(2 * np.pi * 4 * at))
    samples = (samples + np.random.default_rng(0).normal(0, 0.003, count)).astype(np.float32)
    clip = ReferenceClip(samples)
    path = clip_path(directory, clip.sha256)
    write_clip(path, clip)
    soundfile.write(directory / "reference.wav", samples, CLIP_SAMPLE_RATE, subtype="FLOAT")
    return VoiceReference(path, clip.sha256)


def _tokens_of(sentence: str) -> int:
    return round(len(sentence) * TOKENS_PER_CHARACTER)


def _timed_text(first: float, total: float, speech: float) -> dict[str, float]:
    return {
        "first_packet_seconds": round(first, 2),
        "total_seconds": round(total, 2),
        "speech_seconds": round(speech, 2),
    }


def _name(batch: int) -> str:
    return "own alone" if batch == 1 else f"own, batch of {batch}"


def _device_name(torch: Any, device: str) -> str:
    return str(torch.cuda.get_device_name(device)) if device.startswith("cuda") else device
