"""In what numbers a CPU computes: by the settings, or by what it is quick in."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from bot.errors import EngineDeadError  # noqa: E402
from bot.speech.engines.chatterbox import ChatterboxEngine, cpu  # noqa: E402
from bot.speech.engines.chatterbox.cpu import choose_numbers  # noqa: E402
from bot.speech.engines.chatterbox.rounded import (  # noqa: E402
    RoundedAttention,
    RoundedFeedForward,
    RoundedLinear,
    round_products,
)
from bot.speech.engines.chatterbox.threads import settle_waiting  # noqa: E402
from bot.speech.types import (  # noqa: E402
    ChatterboxModel,
    Speech,
    SynthesisRequest,
    VoiceReference,
    VoiceSettings,
)
from tests.chatterbox.conftest import only_english, spec  # noqa: E402

needs_bf16 = pytest.mark.skipif(not cpu.has_bf16(), reason="this processor has no bf16")


@pytest.fixture
def gains(monkeypatch: pytest.MonkeyPatch) -> dict[int, float]:
    """What a step takes in bf16 by its rows, as a part of the time in fp32; 0 is the flow."""
    gains = {0: 0.5, 1: 0.5, 4: 0.5}
    monkeypatch.setattr(cpu, "has_bf16", lambda: True)
    monkeypatch.setattr(cpu, "_step_gain", lambda rows: gains[rows])
    monkeypatch.setattr(cpu, "_flow_gain", lambda: gains[0])
    return gains


def test_what_is_quicker_alone_and_together_is_taken(gains: dict[int, float]) -> None:
    chosen = choose_numbers("auto", "auto", (1, 4))
    assert (chosen.dtype, chosen.layout, chosen.flow) == (torch.float32, "bf16", "bf16")
    assert chosen.told == (
        "T3 in bf16 (bf16 takes 0.50 of the time here), "
        "S3Gen in bf16 (bf16 takes 0.50 of the time here)"
    )


@pytest.mark.parametrize("slow", [1, 4])
def test_what_is_slower_in_one_of_them_is_not(gains: dict[int, float], slow: int) -> None:
    gains[slow] = 12.0
    chosen = choose_numbers("auto", "auto", (1, 4))
    assert (chosen.layout, chosen.flow) == (None, "bf16")
    assert chosen.told.startswith("T3 in fp32 (bf16 takes 12.00 of the time here), ")


def test_a_processor_without_bf16_computes_in_fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "has_bf16", lambda: False)
    chosen = choose_numbers("auto", "auto", (1, 4))
    assert (chosen.dtype, chosen.flow) == (torch.float32, "fp32")
    assert "no bf16 in this processor" in chosen.told
    with pytest.raises(EngineDeadError, match="Set \\[engine\\] flow_precision to fp32 or auto"):
        choose_numbers("auto", "bf16", (1, 4))
    with pytest.raises(EngineDeadError, match="Set \\[engine\\] precision to fp32 or auto"):
        choose_numbers("bf16", "auto", (1, 4))


@pytest.mark.parametrize(
    ("wanted", "dtype", "layout"),
    [("fp32", "float32", None), ("bf16", "float32", "bf16"), ("int8", "float32", "int8")],
)
@needs_bf16
def test_settings_are_heeded_untried(
    monkeypatch: pytest.MonkeyPatch, wanted: Any, dtype: str, layout: str | None
) -> None:
    monkeypatch.setattr(cpu, "_step_gain", pytest.fail)
    chosen = choose_numbers(wanted, "fp32", (1, 4))
    assert (chosen.dtype, chosen.layout) == (getattr(torch, dtype), layout)
    assert chosen.told == f"T3 in {wanted}, S3Gen in fp32"


@needs_bf16
def test_trying_gives_a_part_of_the_time() -> None:
    assert 0 < cpu._step_gain(2) < 100
    assert 0 < cpu._flow_gain() < 100


@needs_bf16
def test_a_linear_layer_in_bf16_is_nearly_the_same() -> None:
    torch.manual_seed(0)
    linear = torch.nn.Linear(256, 512)
    x = torch.randn(2, 30, 256)
    with torch.inference_mode():
        expected, rounded = linear(x), RoundedLinear(linear)(x)
    assert rounded.dtype == torch.float32
    assert (rounded - expected).norm() < 0.01 * expected.norm()


@needs_bf16
@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_an_engine_speaks_in_quicker_numbers_and_says_so(
    precision: str,
    checkpoint: Callable[[ChatterboxModel], Path],
    voices: tuple[VoiceReference, ...],
) -> None:
    engine = ChatterboxEngine(
        spec("turbo", checkpoint("turbo"), precision=precision, flow_precision="bf16"), "a test"
    )
    assert engine.info.computes == f"T3 in {precision}, S3Gen in bf16"
    request = SynthesisRequest("Hello.", voices[0], settings=VoiceSettings(seed=1))
    alone, *together = (
        *engine.synthesize([request]),
        *engine.synthesize([request, SynthesisRequest("And another one.", voices[1])]),
    )
    engine.close()
    assert isinstance(alone, Speech), alone
    assert isinstance(together[0], Speech), together[0]
    assert alone.packets == together[0].packets  # whatever the company


@only_english
def test_numbers_next_to_zero_are_zero_in_all_threads(engine: ChatterboxEngine) -> None:
    tiny = torch.full((4_000_000,), 1e-39)
    assert engine.info.device == "cpu"
    assert not (tiny * 0.5).any()


@needs_bf16
@pytest.mark.parametrize("masked", [False, True])
def test_attention_in_bf16_is_nearly_the_same(masked: bool) -> None:
    from diffusers.models.attention_processor import Attention

    torch.manual_seed(0)
    attention = Attention(256, heads=8, dim_head=64).eval()
    x = torch.randn(2, 50, 256)
    mask = None
    if masked:
        mask = torch.zeros(2, 50, 50)
        mask[1, :, 30:] = -1e10
    with torch.inference_mode():
        # diffusers repeats what has no heads by itself.
        expected = attention(x, attention_mask=mask)
        rounded = RoundedAttention(attention)(x, attention_mask=mask)
    assert rounded.dtype == torch.float32
    assert (rounded - expected).norm() < 0.02 * expected.norm()


@needs_bf16
def test_a_feed_forward_network_in_bf16_is_nearly_the_same() -> None:
    from chatterbox.models.s3gen.matcha.transformer import FeedForward

    torch.manual_seed(0)
    network = FeedForward(256, activation_fn="gelu").eval()
    x = torch.randn(2, 30, 256)
    with torch.inference_mode():
        expected, rounded = network(x), RoundedFeedForward(network)(x)
    assert rounded.dtype == torch.float32
    assert (rounded - expected).norm() < 0.01 * expected.norm()


@needs_bf16
@only_english
def test_all_of_the_estimator_is_rounded(stock: Any) -> None:
    flow = copy.deepcopy(stock.s3gen.flow)
    round_products(flow)
    kinds = {type(module) for module in flow.decoder.estimator.modules()}
    assert {RoundedLinear, RoundedAttention, RoundedFeedForward} <= kinds
    assert torch.nn.Linear not in kinds


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ({}, {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "2000"}),
        ({"GOMP_SPINCOUNT": "7"}, {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "7"}),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, {"OMP_WAIT_POLICY": "ACTIVE"}),
    ],
)
def test_what_the_environment_says_of_waiting_stays(
    monkeypatch: pytest.MonkeyPatch, said: dict[str, str], read: dict[str, str]
) -> None:
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    settle_waiting()
    names = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
    assert {name: os.environ[name] for name in names if name in os.environ} == read
    for name in names:  # `settle_waiting` may have set what is to be taken back
        monkeypatch.delenv(name, raising=False)


def test_a_torch_without_products_of_8_bits_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "_quantised_engine", lambda: "none")
    with pytest.raises(EngineDeadError, match="Set \\[engine\\] precision to fp32 or auto"):
        choose_numbers("int8", "fp32", (1, 4))
