"""`mynah run` with `[engine] executor = "ray"`, and actors whose sentences all cost the same.

    BENCH_COST_SECONDS=0.2 BENCH_NOTES=FILE python -m benchmarks.doubles.ray_program run

Everything else is the program's own, also its way to the actors; see `paced_engine`.
"""

from __future__ import annotations

import dataclasses
import os
from functools import partial
from pathlib import Path

from benchmarks.doubles.paced_engine import open_paced
from bot.config_sections import EngineSettings
from bot.pool import opening
from bot.pool.ray_cluster import RaySpec

COST, NOTES = "BENCH_COST_SECONDS", "BENCH_NOTES"


def main() -> None:
    """Run the program."""
    from bot.__main__ import main as mynah

    ray_spec = opening.ray_spec
    open_engine = partial(open_paced, float(os.environ[COST]), Path(os.environ[NOTES]))

    def paced(engine: EngineSettings) -> RaySpec:
        return dataclasses.replace(ray_spec(engine), open_engine=open_engine)

    opening.ray_spec = paced
    mynah()


if __name__ == "__main__":
    main()
