"""`make sbom`: what a release consists of, as CycloneDX JSON, one file for each way to install it.

    python -m tools.release.sbom [DIRECTORY]

From the lock files, with hashes, so it needs no network. Each file is checked against CycloneDX's
schema before it is written.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tools.release import locks
from tools.release.version import DISTRIBUTION, version

WAYS = {
    "base": ("base",),
    "piper": ("piper",),
    "scale": ("scale",),
    "chatterbox": ("service", "chatterbox", "chatterbox-nodeps"),
}
"""Which locks make a way to install Mynah. torch, which each machine takes from another place, is
added to that of Chatterbox by name and version. "scale" is piper with PostgreSQL, S3 and Ray."""


def main() -> None:
    """Write the files and print their names."""
    directory = Path(sys.argv[1] if sys.argv[1:] else locks.ROOT / "dist")
    directory.mkdir(exist_ok=True)
    for way, names in WAYS.items():
        document = bill_of_materials(names, with_torch=way == "chatterbox")
        path = directory / f"{DISTRIBUTION.replace('-', '_')}-{version()}.{way}.cdx.json"
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        print(f"{path}: {len(document['components'])} components")


def bill_of_materials(names: tuple[str, ...], *, with_torch: bool) -> dict[str, Any]:
    """Return a document in CycloneDX 1.6 of what these locks pin together.

    Raises ValueError where it does not fit the schema.
    """
    texts = [(locks.REQUIREMENTS / f"{n}.txt").read_text(encoding="utf-8") for n in names]
    if with_torch:
        texts.append("==".join(locks.torch()) + "\n")
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", "--sv", "1.6", "--pyproject",
               str(locks.ROOT / "pyproject.toml"), "--mc-type", "application",
               "--output-reproducible", "--validate", "-"]  # fmt: skip
    run = subprocess.run(
        command, input="\n".join(texts), capture_output=True, text=True, check=False,
        env={**os.environ, "PIP_CONFIG_FILE": os.devnull},
    )  # fmt: skip
    if run.returncode != 0:
        raise ValueError(run.stderr.strip())
    return named(without_doubles(json.loads(run.stdout)))


def without_doubles(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with each component once, however many locks pin it."""
    once = {(c["name"], c.get("version")): c for c in document["components"]}
    refs = {component["bom-ref"] for component in once.values()}
    root = document["metadata"]["component"]["bom-ref"]
    edges = [e for e in document.get("dependencies", ()) if e["ref"] in {*refs, root}]
    return {**document, "components": list(once.values()), "dependencies": edges}


def named(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with the version of what it is about, which pyproject.toml leaves to the
    source.
    """
    metadata = document["metadata"]
    about = {**metadata["component"], "version": version()}
    return {**document, "metadata": {**metadata, "component": about}}


if __name__ == "__main__":
    main()
