"""Ends the actors of the namespaces that are named on standard input, one a line."""

from __future__ import annotations

import logging
import sys

import ray


def main(address: str) -> None:
    ray.init(address, configure_logging=False, logging_level=logging.ERROR, log_to_driver=False)
    for line in sys.stdin:
        namespace = line.strip()
        for actor in ray.util.list_named_actors(all_namespaces=True):
            if actor["namespace"] == namespace:
                ray.kill(ray.get_actor(actor["name"], namespace), no_restart=True)
        print(namespace, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
