"""Which errors of a GPU end the engine, and which do not."""

from __future__ import annotations

import pytest

from bot.errors import EngineDeadError, EngineError
from bot.speech.engines.base import to_error
from bot.speech.engines.gpu_failures import is_gpu_failure
from tests.faults.committing import DEVICE_ASSERT, LOST_DEVICE, AcceleratorError


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(DEVICE_ASSERT),
        AcceleratorError("anything that torch says of the device"),
        RuntimeError(LOST_DEVICE),
        RuntimeError("CUDA error: an illegal memory access was encountered"),
        RuntimeError("CUDA error: the launch timed out and was terminated"),
        RuntimeError("CUDA error: uncorrectable ECC error encountered"),
        RuntimeError("CUDA error: CUDA-capable device(s) is/are busy or unavailable"),
        RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
        RuntimeError("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate`"),
        RuntimeError("cuFFT error: CUFFT_EXEC_FAILED"),
        RuntimeError("Triton Error [CUDA]: device kernel image is invalid"),
        RuntimeError("HIP error: unspecified launch failure"),
        OSError("The device was lost."),
    ],
    ids=str,
)
def test_after_a_failure_of_the_gpu_the_engine_is_ended(error: Exception) -> None:
    assert is_gpu_failure(error)
    with pytest.raises(EngineDeadError, match="The GPU failed"):
        to_error(error)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB."),
        RuntimeError("cuDNN error: CUDNN_STATUS_NOT_SUPPORTED"),
        RuntimeError("The size of tensor a (3) must match the size of tensor b (4)"),
        ValueError("text must not be empty"),
    ],
    ids=str,
)
def test_what_concerns_a_sentence_alone_fails_it_alone(error: Exception) -> None:
    assert isinstance(to_error(error), EngineError)
