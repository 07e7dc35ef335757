"""Checkpoints of random weights that stock `from_local` loads, to try Chatterbox without its own.

    python -m tools.random_checkpoint DIRECTORY [--model MODEL] [--full-size]

A full-size one loads like the real ones: name its directory as `checkpoint` under `[engine]`, and
the bot speaks noise. A tiny one is for tests: it loads only after `shrink`, in the same process.
Both are made in the environment that has chatterbox-tts.

Random weights prove that two ways of computing are equal, and never how anything sounds.
"""

from __future__ import annotations

import argparse
import functools
import string
from pathlib import Path
from typing import Any, get_args

from bot.speech.engines.chatterbox.assemble import t3_config
from bot.speech.models import MODELS, Model
from bot.speech.types import ChatterboxModel

SPEECH_TOKENS = 25
"""How many tokens each English or multilingual sentence has: one second."""

_FIRST_SPECIAL, _STOP = 6561, 6562
_LANGUAGE_TAGS = ("[en]", "[de]", "[es]", "[hi]", "[pt]")
_S3GEN_SIZES: dict[str, dict[str, Any]] = {
    "UpsampleConformerEncoder": {"num_blocks": 1, "linear_units": 64},
    "ConditionalDecoder": {"channels": [64], "n_blocks": 1, "num_mid_blocks": 1, "num_heads": 2},
    "HiFTGenerator": {"base_channels": 128},
}
_COMPUTED = frozenset({"tokenizer._mel_filters", "tokenizer.window"})


def shrink(model: ChatterboxModel) -> None:
    """Make the sizes small that chatterbox's constructors hold. Call before making or loading.

    The hidden size stays 1024, for Nano 768: the Perceiver has no other, and so have both kinds of
    GPT-2 their own number of heads.
    """
    from chatterbox.models.s3gen import s3gen
    from chatterbox.models.t3.llama_configs import LLAMA_CONFIGS
    from s3tokenizer.model_v2 import S3TokenizerV2

    t3_config(MODELS[model])  # makes stock know all backbones
    # The guard of the multilingual model's version 2 watches layers 9, 12 and 13.
    layers = 14 if MODELS[model].guarded else 2
    LLAMA_CONFIGS["Llama_520M"].update(num_hidden_layers=layers, intermediate_size=64)
    for backbone in ("GPT2_medium", "GPT2_small"):
        LLAMA_CONFIGS[backbone].update(n_layer=2, n_inner=64, n_positions=2048, n_ctx=2048)
        LLAMA_CONFIGS[backbone]["vocab_size"] = 8  # of an embedding that loading drops, as Llama's
    (config,) = S3TokenizerV2.__init__.__defaults__
    config.n_audio_layer, config.n_audio_state, config.n_audio_head = 1, 320, 5
    if not _is_shrunk():
        for part, sizes in _S3GEN_SIZES.items():
            setattr(s3gen, part, functools.partial(_build, getattr(s3gen, part), sizes))


def make_checkpoint(model: ChatterboxModel, directory: Path, *, full_size: bool = False) -> Path:
    """Write a checkpoint of `model` to `directory`, always the same one.

    full_size: as large as the real ones, 1.9 to 3.2 GB. Raises `RuntimeError` after `shrink`,
    which cannot be undone in its process.
    """
    import torch

    if not full_size:
        shrink(model)
    elif _is_shrunk():
        raise RuntimeError("Make a full-size checkpoint in a process that has made no tiny one.")
    torch.manual_seed(0)
    _write(MODELS[model], directory)
    return directory


def _is_shrunk() -> bool:
    from chatterbox.models.s3gen import s3gen

    return isinstance(s3gen.ConditionalDecoder, functools.partial)


def _build(original: Any, small: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
    return original(*args, **{**kwargs, **small})


def _write(model: Model, directory: Path) -> None:
    from chatterbox.models.s3gen import S3Gen
    from chatterbox.models.t3 import T3
    from chatterbox.models.voice_encoder import VoiceEncoder

    t3 = T3(t3_config(model))
    if model.is_gpt:
        _end_at_random(t3)
    else:
        _end_after(t3, SPEECH_TOKENS)
    for part, module in (
        (model.part("voice encoder"), VoiceEncoder()),
        (model.part("T3"), t3),
        (model.part("S3Gen"), S3Gen(meanflow=model.is_gpt)),
    ):
        # As published: what S3Gen's constructor computes is not in all of its files.
        left_out = _COMPUTED if part.lenient else frozenset()
        _save(module, directory / part.choices[0][0], left_out)
    if model.is_gpt:
        _save_gpt2_tokenizer(directory)
    else:
        _save_tokenizer(directory / model.part("tokenizer").choices[0][0])


def _end_after(t3: Any, tokens: int) -> None:
    """Let T3 emit valid tokens only, and stop after so many.

    The learned position embedding carries one direction before that position and another one from
    there on; the output layer reads the stop token off them, and the others do not see them.
    """
    import torch

    before, after = torch.linalg.qr(torch.randn(t3.dim, 2)).Q.T
    strength = 10 * t3.cfg.num_hidden_layers**0.5  # every layer adds to what it stands out from
    with torch.no_grad():
        positions, head = t3.speech_pos_emb.emb.weight, t3.speech_head.weight
        positions[:tokens] += strength * before
        positions[tokens:] += strength * after
        for direction in (before, after):
            head -= torch.outer(head @ direction, direction)
        head[_FIRST_SPECIAL:] -= 2 * before
        head[_STOP] += 6 * after


def move_end(t3: Any, now: int, tokens: int) -> None:
    """Let a T3 of `make_checkpoint` that stops after `now` tokens stop after `tokens` instead."""
    import torch

    with torch.no_grad():
        positions = t3.speech_pos_emb.emb.weight
        # All but the two directions averages out.
        step = positions[now:].float().mean(0) - positions[:now].float().mean(0)
        if tokens > now:
            positions[now:tokens] -= step.to(positions.dtype)
        else:
            positions[tokens:now] += step.to(positions.dtype)


def _end_at_random(t3: Any) -> None:
    """Let the GPT-2 backbone, which has no such embedding, stop at one token in thirty."""
    import torch

    with torch.no_grad():
        t3.speech_head.bias[_FIRST_SPECIAL] = -50
        # top_k keeps 1000 of the others.
        t3.speech_head.bias[_STOP] = t3.speech_head.bias[:_FIRST_SPECIAL].mean() + 4.5


def _save(module: Any, path: Path, left_out: frozenset[str]) -> None:
    import torch
    from safetensors.torch import save_file

    state = {name: value for name, value in module.state_dict().items() if name not in left_out}
    if path.suffix == ".pt":
        torch.save(state, path)
    else:
        save_file({key: value.detach().clone().contiguous() for key, value in state.items()}, path)


def _save_tokenizer(path: Path) -> None:
    """A tokenizer of single characters with the ids that T3 expects of the special ones."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    special = {"[STOP]": 0, "[UNK]": 1, "[SPACE]": 2, "[START]": 255}
    special |= {tag: 600 + index for index, tag in enumerate(_LANGUAGE_TAGS)}
    letters = string.ascii_letters + string.digits + string.punctuation
    ids = special | {letter: 3 + index for index, letter in enumerate(letters)}
    ids |= {f"<{index}>": index for index in set(range(704)) - set(ids.values())}
    tokenizer = Tokenizer(models.BPE(vocab=ids, merges=[], unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(list(special))
    tokenizer.save(str(path))


def _save_gpt2_tokenizer(directory: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = [*sorted(pre_tokenizers.ByteLevel.alphabet()), "<|endoftext|>"]
    ids = {letter: index for index, letter in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.BPE(vocab=ids, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|endoftext|>").save_pretrained(
        directory
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.random_checkpoint",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("directory", type=Path)
    parser.add_argument("--model", choices=get_args(ChatterboxModel), default="english")
    parser.add_argument("--full-size", action="store_true", help="up to 3.2 GB, half a minute")
    arguments = parser.parse_args()
    arguments.directory.mkdir(parents=True, exist_ok=True)
    if any(arguments.directory.iterdir()):  # such as a model that was downloaded
        parser.error(f"{arguments.directory} is not empty. Name a new directory.")
    make_checkpoint(arguments.model, arguments.directory, full_size=arguments.full_size)
    size = sum(path.stat().st_size for path in arguments.directory.iterdir())
    print(f"{arguments.directory}: {arguments.model}, {size / 1e9:.1f} GB")


if __name__ == "__main__":
    main()
