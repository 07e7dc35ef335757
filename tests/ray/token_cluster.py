"""A cluster of one machine until standard input ends; its address is printed.

A process of its own, because Ray reads once whether tokens are asked for, when it is imported.
"""

from __future__ import annotations

import sys

from ray.cluster_utils import Cluster

from tests.ray.conftest import NODE


def main() -> None:
    head = NODE | {"num_gpus": 0, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        print(cluster.address, flush=True)
        sys.stdin.read()
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    main()
