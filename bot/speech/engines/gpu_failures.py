"""Which errors mean that this process can use the GPU no more, told without importing torch.

After a failed kernel the context is poisoned: every further call fails, whatever it asks for
(https://docs.nvidia.com/cuda/cuda-runtime-api/group__CUDART__TYPES.html, such as cudaErrorAssert
and cudaErrorLaunchFailure: "the process must be terminated and relaunched").
"""

from __future__ import annotations

import re

from bot.errors import EngineDeadError

_FAILED = re.compile(
    r"CUDA error|CUDA driver error|HIP error|Triton Error \[(?:CUDA|HIP)\]"
    r"|device-side assert|unspecified launch failure|illegal memory access"
    r"|device (?:is |was )?(?:lost|removed|unavailable)|device\(s\) is/are busy or unavailable"
    r"|fallen off the bus|uncorrectable ECC"
    r"|CU(?:DNN|BLAS|SOLVER)_STATUS_(?:EXECUTION_FAILED|INTERNAL_ERROR|MAPPING_ERROR|NOT_INITIALIZED)"
    r"|CUFFT_(?:EXEC_FAILED|INTERNAL_ERROR)"
    # What drawing random numbers says when a graph was given up half-way.
    r"|outside graph capture",
    re.IGNORECASE,
)

_ACCELERATOR_ERROR = "AcceleratorError"
"""torch's own type for these, since 2.8."""


def is_gpu_failure(error: BaseException) -> bool:
    """Whether nothing more can be computed on the GPU by this process; not for want of memory."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return _ACCELERATOR_ERROR in kinds or bool(_FAILED.search(str(error)))


def gpu_failed(error: BaseException) -> EngineDeadError:
    """Return the error that ends the engine; torch adds many lines to the first."""
    first = next(iter(str(error).splitlines()), type(error).__name__)
    return EngineDeadError(f"The GPU failed ({first}).")
