"""The kernels of our own against torch: on a GPU, or anywhere by Triton's interpreter."""

from __future__ import annotations

import os
import shutil
from typing import Any

import pytest

from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.engines.chatterbox.t3 import fused
from bot.speech.engines.chatterbox.t3.decoder import Prompt, T3Decoder
from bot.speech.engines.chatterbox.t3.fused import FusedStep, open_fused
from tests.chatterbox.conftest import only_english
from tests.chatterbox.decoding import fresh

# Read when Triton is first imported, by any of the tests.
if shutil.which("nvidia-smi") is None:
    os.environ.setdefault("TRITON_INTERPRET", "1")

CLOSE = {"float32": 1e-5, "bfloat16": 3e-2, "float16": 4e-3}

any_precision = pytest.mark.parametrize("precision", list(CLOSE))


@pytest.fixture(
    params=[
        pytest.param("cpu", id="interpreted", marks=pytest.mark.triton),
        pytest.param("cuda", marks=pytest.mark.gpu),
    ]
)
def device(request: pytest.FixtureRequest) -> str:
    if request.param == "cpu" and os.environ.get("TRITON_INTERPRET") != "1":
        pytest.skip("where there is a card, kernels are compiled for it")
    return str(request.param)


def close(got: Any, expected: Any, precision: str) -> None:
    import torch

    torch.testing.assert_close(got, expected, atol=CLOSE[precision], rtol=CLOSE[precision])


@any_precision
def test_norm_and_gate_are_torchs(device: str, precision: str) -> None:
    import torch
    import torch.nn.functional as F  # noqa: N812

    from bot.speech.engines.chatterbox.t3 import kernels

    options = {"device": device, "dtype": getattr(torch, precision)}
    x, weight = torch.randn(3, 1000, **options), torch.rand(1000, **options)
    close(kernels.rms_norm(x, weight, 1e-5), F.rms_norm(x, (1000,), weight, 1e-5), precision)
    gate, up = (wide := torch.randn(3, 3000, **options)).chunk(2, dim=-1)
    close(kernels.gated(wide), F.silu(gate) * up, precision)


@any_precision
@pytest.mark.parametrize("rotary", [True, False])
def test_attention_puts_away_and_attends_as_torch_does(
    device: str, precision: str, rotary: bool
) -> None:
    import torch
    import torch.nn.functional as F  # noqa: N812

    from bot.speech.engines.chatterbox.t3 import kernels
    from bot.speech.engines.chatterbox.t3.backbone import rotate

    options = {"device": device, "dtype": getattr(torch, precision)}
    positions = torch.tensor([0, 1, 255, 256, 699], device=device)
    rows, heads, context, dim = len(positions), 2, 700, 64
    cache = torch.randn(2, rows, heads, context, dim, **options)
    cos, sin = torch.rand(2, context, dim, **options)
    projected = torch.randn(rows, 3 * heads * dim, **options)
    query, key, value = projected.view(rows, 3, heads, dim).unbind(1)
    if rotary:
        angles = cos[positions][:, None], sin[positions][:, None]
        query, key = rotate(query, *angles), rotate(key, *angles)
    expected = cache.clone()
    at = torch.arange(rows, device=device)
    expected[0][at, :, positions], expected[1][at, :, positions] = key, value
    mask = torch.arange(context, device=device) <= positions[:, None]
    wanted = F.scaled_dot_product_attention(
        query[:, :, None], expected[0], expected[1], mask[:, None, None]
    )
    attention = kernels.Attention(cache, (cos, sin) if rotary else None)
    got = attention(projected, cache, positions)
    close(got, wanted.reshape(rows, -1), precision)
    close(cache, expected, precision)


def test_a_row_is_the_same_to_the_bit_in_any_company(device: str) -> None:
    import torch

    from bot.speech.engines.chatterbox.t3 import kernels

    cache = torch.randn(2, 4, 2, 600, 64, device=device)
    projected = torch.randn(4, 3 * 2 * 64, device=device)
    attention = kernels.Attention(cache, None)
    alone = attention(projected, cache, torch.tensor([300, 0, 0, 0], device=device))[0]
    together = attention(projected, cache, torch.tensor([300, 599, 5, 257], device=device))[0]
    assert torch.equal(alone, together)
    # Nor on how many rows are computed.
    first = attention(projected[:1], cache, torch.tensor([300], device=device))
    assert torch.equal(first, alone[None])


MODELS = pytest.mark.parametrize("engine", ["english", "turbo", "multilingual-v2"], indirect=True)


@MODELS
def test_a_step_of_fewer_kernels_draws_the_same_tokens(
    engine: ChatterboxEngine, prompts: list[Prompt], device: str
) -> None:
    """In float32; where the stock guard watches, it sees the same, too."""
    import copy

    import torch

    t3 = copy.deepcopy(engine._model.t3).to(device)
    options = {"slots": 2, "context": 700, "graphs": False, "layout": "plain", "late": 0}
    plain, quick = (T3Decoder(t3, fused=False, **options) for _ in range(2))
    with torch.inference_mode():
        quick._fused = open_fused(quick._backbone, quick._cache, quick._pair)
    assert quick._fused is not None
    for prompt in prompts[:2]:
        asked = fresh(prompt)
        asked.conditioning.to(device=device)
        for decoder in (plain, quick):
            decoder.start(fresh(asked))
    for _ in range(4):
        plain.step()
        quick.step()
    found = [[text.tokens for text in decoder._running.values()] for decoder in (plain, quick)]
    assert found[0] == found[1]
    going = list(plain._running)  # Turbo's random end may have come for one
    assert going
    close(quick._logits[going], plain._logits[going], "bfloat16")
    close(quick._watched[going], plain._watched[going], "float32")


@only_english
def test_kernels_that_compute_something_else_are_not_used(
    engine: ChatterboxEngine,
    device: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    import torch

    from bot.speech.engines.chatterbox.t3 import kernels

    decoder: Any = T3Decoder(engine._model.t3, slots=1, context=600, layout="plain")
    monkeypatch.setattr(kernels, "gated", lambda wide: torch.zeros(len(wide), wide.shape[1] // 2))
    with torch.inference_mode():
        assert open_fused(decoder._backbone, decoder._cache, 2) is None
    assert "decoding with torch's kernels, which is slower" in caplog.text
    assert "they differ by " in caplog.text
    assert not decoder._cache.layer(0).any()  # as empty as before


@only_english
@pytest.mark.parametrize("error", [ImportError("No module named 'triton'"), OSError("no gcc")])
def test_what_cannot_be_used_costs_no_speech(
    engine: ChatterboxEngine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(FusedStep, "__init__", fail)
    decoder: Any = engine._speaker._decoder  # type: ignore[union-attr]
    assert open_fused(decoder._backbone, decoder._cache, 2) is None
    assert str(error) in caplog.text


@only_english
def test_a_gpu_that_failed_in_a_kernel_is_not_gone_on_with(
    engine: ChatterboxEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(FusedStep, "__init__", fail)
    decoder: Any = engine._speaker._decoder  # type: ignore[union-attr]
    with pytest.raises(fused.EngineDeadError, match=r"Set \[engine\] fused = false"):
        open_fused(decoder._backbone, decoder._cache, 2)


def test_a_product_is_added_in_place() -> None:
    import torch

    from bot.speech.engines.chatterbox.products import PlainProduct

    weight, bias = torch.randn(5, 7), torch.randn(5)
    for product in (PlainProduct(weight), PlainProduct(weight, bias)):
        x, inputs = torch.randn(2, 3, 5), torch.randn(2, 3, 7)
        expected = x + product(inputs)
        got = product.add_to(x, inputs)
        torch.testing.assert_close(got, expected)
        assert got.data_ptr() == x.data_ptr()
