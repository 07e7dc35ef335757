"""Putting a model together from its files, as stock `from_local` does.

Stock knows the names of the files of its own time only, and neither Nano's backbone nor a
multilingual model without a guard; the modules are the same.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox.files import FoundModel
from bot.speech.engines.chatterbox.stock import import_package
from bot.speech.models import Model, Part

log = logging.getLogger(__name__)

_MOST_NAMED = 3


def assemble(found: FoundModel, device: str) -> Any:
    """Return the model on `device`, an object of the class that its definition names.

    Raises `EngineDeadError`, which names the file and the tensors, where a file does not fit.
    """
    model = found.model
    voice_encoder = import_package("chatterbox.models.voice_encoder").VoiceEncoder()
    t3 = import_package("chatterbox.models.t3").T3(t3_config(model))
    s3gen = import_package("chatterbox.models.s3gen").S3Gen(meanflow=model.is_gpt)
    for module, role in ((voice_encoder, "voice encoder"), (t3, "T3"), (s3gen, "S3Gen")):
        _load(module, found, role)
        module.to(device).eval()
    if model.is_gpt:
        del t3.tfmr.wte  # text has an embedding of its own
    model_class = getattr(import_package(model.module), model.class_name)
    return model_class(t3, s3gen, voice_encoder, _tokenizer(found), device)


def t3_config(model: Model) -> Any:
    """Return the `T3Config` of a model; makes stock know its backbone."""
    module = import_package("chatterbox.models.t3.modules.t3_config")
    _add_small_backbone(import_package("chatterbox.models.t3.llama_configs").LLAMA_CONFIGS)
    if model.is_gpt:
        config = module.T3Config(text_tokens_dict_size=50276)
        config.llama_config_name = model.backbone
        config.speech_tokens_dict_size = 6563
        config.input_pos_emb = None
        config.speech_cond_prompt_len = 375
        config.use_perceiver_resampler = False
        config.emotion_adv = False
        return config
    if not model.is_multilingual:
        return module.T3Config.english_only()
    return (module.T3Config if model.guarded else _unguarded(module.T3Config)).multilingual()


def _add_small_backbone(backbones: dict[str, dict[str, Any]]) -> None:
    # As upstream published it, after the release that is installed.
    small = {"n_embd": 768, "hidden_size": 768, "n_head": 12, "n_layer": 12}
    backbones.setdefault("GPT2_small", {**backbones["GPT2_medium"], **small})


def _unguarded(config: Any) -> Any:
    """Return a `T3Config` of a multilingual model that nobody asks to guard."""

    class Unguarded(config):  # type: ignore[misc]  # untyped package
        @property
        def is_multilingual(self) -> bool:
            return False  # all that stock asks it for

    return Unguarded


def _load(module: Any, found: FoundModel, role: str) -> None:
    part, paths = next(item for item in found.paths if item[0].role == role)
    state = _tensors(paths[0])
    faults = _faults(module, state, part)
    if faults:
        more = f", and {len(faults) - _MOST_NAMED} more faults" if len(faults) > _MOST_NAMED else ""
        raise EngineDeadError(
            f"{paths[0]} does not fit the {found.model.name} model: "
            f"{', '.join(faults[:_MOST_NAMED])}{more}. Get the file anew, or set [engine] model to "
            "the model that it is of."
        )
    module.load_state_dict(state, strict=False)


def _tensors(path: Path) -> dict[str, Any]:
    if path.suffix == ".safetensors":
        return dict(import_package("safetensors.torch").load_file(path))
    torch = import_package("torch")
    return dict(torch.load(path, map_location="cpu", weights_only=True))


def _faults(module: Any, state: Mapping[str, Any], part: Part) -> list[str]:
    """Return what is wrong with the tensors of a file, in words."""
    expected = module.state_dict()
    missing = expected.keys() - state.keys()
    unknown = state.keys() - expected.keys()
    if part.lenient:
        missing -= _computed(module)
        unknown = set()
    shapes = [
        f"{name} is {_shape(state[name])} and not {_shape(tensor)}"
        for name, tensor in expected.items()
        if name in state and state[name].shape != tensor.shape
    ]
    return [
        *shapes,
        *(f"there is no {name}" for name in sorted(missing)),
        *(f"{name} is not of it" for name in sorted(unknown)),
    ]


def _computed(module: Any) -> set[str]:
    """Return the names of what the constructor computes and training does not change."""
    buffers = {name for name, _ in module.named_buffers()}
    return {name for name in buffers if not name.rpartition(".")[2].startswith("running_")}


def _shape(tensor: Any) -> str:
    return " x ".join(map(str, tensor.shape)) or "a number"


def _tokenizer(found: FoundModel) -> Any:
    if found.model.is_gpt:
        return _gpt_tokenizer(found)
    path = found.path("tokenizer")
    tokenizers = import_package("chatterbox.models.tokenizers")
    kind = tokenizers.MTLTokenizer if found.model.is_multilingual else tokenizers.EnTokenizer
    return kind(str(path))


def _gpt_tokenizer(found: FoundModel) -> Any:
    # It takes what it finds in a directory, also the tokenizer of another model that lies there.
    with tempfile.TemporaryDirectory(prefix="mynah-") as directory:
        for part, paths in found.paths:
            for path in paths if part.role in ("tokenizer", "extra") else ():
                shutil.copyfile(path, Path(directory, path.name))
        tokenizer = import_package("transformers").AutoTokenizer.from_pretrained(directory)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer
