"""How far a CPU's quicker numbers are from float32, printed and stored.

    python -m benchmarks.chatterbox.differences [--model nano] [--checkpoint DIRECTORY]
        [--steps 1000] [--output DIRECTORY]

Tokens: one text is decoded in float32; then with other numbers over the same tokens, step by step,
drawing with the same random numbers. The agreement is the share of steps that draw the same token.
Sound: the same tokens through S3Gen; the distance is the mean difference of the log-mel
spectrograms, in decibels. Without a checkpoint, weights are tiny and random. Random weights make
nearly flat probabilities, so that rounding changes more tokens than with real ones.
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
import json
import math
import os
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.__main__ import environment
from bot.speech.engines.chatterbox.threads import settle_waiting

SOUND_TOKENS = 100
_DECIBELS = 20 / math.log(10)  # of a natural logarithm of an amplitude


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.chatterbox.differences",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", default="nano")
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent.parent / "results")
    arguments = parser.parse_args()
    settle_waiting()
    described = environment()
    with tempfile.TemporaryDirectory() as directory:
        result = measure(
            arguments.model, arguments.checkpoint, Path(directory), steps=arguments.steps
        )
    for line in lines(result):
        print(line)
    arguments.output.mkdir(parents=True, exist_ok=True)
    path = arguments.output / f"chatterbox-differences-{result['size']}-{arguments.model}.json"
    path.write_text(json.dumps({"environment": described, "result": result}, indent=2) + "\n")
    print(f"stored in {os.path.relpath(path)}")


def lines(result: dict[str, Any]) -> list[str]:
    """The result for people."""
    return [
        f"{result['model']}, {result['size']} random weights, against float32:",
        *(
            f"  T3 in {way}: {share:.1%} of {result['steps']} steps draw the same token"
            for way, share in result["token_agreement"].items()
        ),
        f"  S3Gen in bf16: log-mel {result['log_mel_decibels']:.4f} dB away on average",
    ]


def measure(model: Any, checkpoint: Path | None, directory: Path, *, steps: int) -> dict[str, Any]:
    """Return the differences of a model on this processor."""
    # They import torch, which takes seconds and reads a variable that `main` sets.
    from benchmarks.chatterbox.material import store_voice
    from bot.speech.engines.chatterbox.loading import load_model
    from bot.speech.engines.chatterbox.voices import PreparedVoices
    from bot.speech.types import EngineSpec
    from tools.random_checkpoint import make_checkpoint

    size = "tiny" if checkpoint is None else "full"
    if checkpoint is None:
        checkpoint = directory / "checkpoint"
        checkpoint.mkdir()
        make_checkpoint(model, checkpoint)
    spec = EngineSpec("chatterbox", model, checkpoint, "cpu")
    loaded = load_model(spec, "cpu")
    voice, _ = store_voice(directory)
    prepared = PreparedVoices(loaded, spec).get(voice, {})
    return {
        "model": model,
        "size": size,
        "steps": steps,
        "token_agreement": _agreements(loaded, model, prepared, voice, steps),
        "log_mel_decibels": round(_log_mel_distance(loaded, prepared), 5),
    }


def _agreements(loaded: Any, model: Any, prepared: Any, voice: Any, steps: int) -> dict[str, float]:
    import torch

    from bot.speech.engines.chatterbox.products import Layout
    from bot.speech.engines.chatterbox.t3.weights import restore

    t3 = loaded.t3
    with torch.no_grad():  # so that decoding goes on for as long as is asked
        if t3.speech_head.bias is None:
            t3.speech_head.weight[t3.hp.stop_speech_token] = 0
        else:
            t3.speech_head.bias[t3.hp.stop_speech_token] = -50
    asked = _prompt(loaded, model, prepared, voice, steps)
    expected, _ = _decode(t3, asked, None, None)
    restore(t3)
    layouts: tuple[Layout, ...] = ("bf16", "int8")
    shares = {}
    for layout in layouts:
        own = copy.deepcopy(t3)  # what was rounded stays rounded
        shares[layout] = round(_decode(own, asked, layout, expected)[1], 4)
    return shares


def _prompt(loaded: Any, model: Any, prepared: Any, voice: Any, steps: int) -> Any:
    from benchmarks.chatterbox.material import SENTENCES, request_of
    from bot.speech.engines.chatterbox.prompts import (
        conditioning,
        sampling_settings,
        text_tokens,
    )
    from bot.speech.engines.chatterbox.t3.decoder import Prompt
    from bot.speech.engines.chatterbox.t3.sampling import Sampling

    request = request_of(SENTENCES[1], voice)
    settings = sampling_settings(model, request)
    exaggeration = settings.pop("exaggeration", None)
    settings.setdefault("cfg_weight", 0.0)
    return Prompt(
        conditioning(prepared, exaggeration),
        text_tokens(loaded, model, request),
        0,
        Sampling(**settings),
        steps,
    )


def _decode(t3: Any, prompt: Any, layout: Any, forced: list[int] | None) -> tuple[list[int], float]:
    """Decode, over `forced` where it is given; return what was drawn, and the share that is so."""
    import torch

    from bot.speech.engines.chatterbox.t3.decoder import T3Decoder

    own = dataclasses.replace(prompt, conditioning=dataclasses.replace(prompt.conditioning))
    decoder = T3Decoder(t3, slots=1, context=2048, layout=layout)
    draw, drawn = decoder._sampler.draw, []

    def drawing(probabilities: Any, active: Any) -> Any:
        token = draw(probabilities, active)
        drawn.append(int(token[0]))
        return token if forced is None else torch.tensor([forced[len(drawn) - 1]])

    decoder._sampler.draw = drawing  # type: ignore[method-assign]
    decoder.start(own)
    while decoder.running:
        decoder.step()
    if forced is None:
        return drawn, 1.0
    return drawn, sum(map(int.__eq__, drawn, forced)) / len(forced)


def _log_mel_distance(loaded: Any, prepared: Any) -> float:
    """Return how far S3Gen's log-mel spectrograms are apart on average, in decibels."""
    import torch

    from bot.speech.engines.chatterbox.rounded import round_products
    from bot.speech.engines.chatterbox.vocoder import Sounds, Vocoder

    generator = torch.Generator().manual_seed(0)
    tokens = torch.randint(0, 6561, (SOUND_TOKENS,), generator=generator)
    sounds = Sounds(tokens, prepared.gen, 0, generator.get_state())
    vocoder = Vocoder(loaded)
    with torch.inference_mode():
        noise, _ = vocoder._noise(sounds)
        exact = vocoder._flow([sounds], noise)
        round_products(loaded.s3gen.flow)
        rounded = vocoder._flow([sounds], noise)
    return float((exact - rounded).abs().mean()) * _DECIBELS


if __name__ == "__main__":
    main()
