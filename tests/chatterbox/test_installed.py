"""What is said of what is installed: by `make install-chatterbox`, and in a benchmark's result."""

from __future__ import annotations

import pytest

from benchmarks.__main__ import environment
from tools.install_chatterbox import closing_words


@pytest.mark.parametrize("way", ["upstream", "cuda"])
def test_torch_without_a_card_is_told(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    told = closing_words(way)
    assert "torch cannot compute on an NVIDIA card here (" in told
    # A CPU build, or one for CUDA that sees no card.
    assert "not compiled with CUDA" in told or "CUDA GPU" in told or "NVIDIA driver" in told


@pytest.mark.gpu
def test_torch_with_a_card_names_it() -> None:
    import torch

    assert f"torch computes on {torch.cuda.get_device_name()}." in closing_words("cuda")


def test_a_result_names_what_stock_decodes_with() -> None:
    assert {"torch", "transformers", "chatterbox-tts"} <= environment()["versions"].keys()
