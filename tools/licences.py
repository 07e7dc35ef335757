"""`make licences`: the licence of every installed distribution and of the libraries in its wheel.

    python -m tools.licences [--json] [--lock NAME]

A distribution's licence is what its metadata say. Those of the libraries that a wheel carries along
stand in no metadata: they are upstream's, by name. What this does not know, it says.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import Distribution, distributions
from pathlib import PurePath

from tools.release.locks import REQUIREMENTS, pins

UNKNOWN = "not known"

GCC = "GPL-3.0-or-later WITH GCC-exception-3.1"
NETTLE = "LGPL-3.0-or-later OR GPL-2.0-or-later"

LIBRARIES = {
    # FFmpeg, as the av wheel has it, calls itself "LGPL version 3 or later".
    "avcodec": "LGPL-3.0-or-later", "avdevice": "LGPL-3.0-or-later",
    "avfilter": "LGPL-3.0-or-later", "avformat": "LGPL-3.0-or-later",
    "avutil": "LGPL-3.0-or-later", "swresample": "LGPL-3.0-or-later",
    "swscale": "LGPL-3.0-or-later", "x264": "GPL-2.0-or-later", "x265": "GPL-2.0-or-later",
    "SvtAv1Enc": "BSD-3-Clause-Clear", "Xau": "MIT", "asound": "LGPL-2.1-or-later",
    "avif": "BSD-2-Clause", "brotlicommon": "MIT", "brotlidec": "MIT", "dav1d": "BSD-2-Clause",
    "drm": "MIT", "freetype": "FTL OR GPL-2.0-or-later", "gfortran": GCC, "gmp": NETTLE,
    "gnutls": "LGPL-2.1-or-later", "gomp": GCC, "harfbuzz": "MIT", "hogweed": NETTLE,
    "jpeg": "IJG AND BSD-3-Clause", "lcms2": "MIT", "llvmlite": "Apache-2.0 WITH LLVM-exception",
    "lzma": "0BSD", "mp3lame": "LGPL-2.0-or-later", "nettle": NETTLE, "onnxruntime": "MIT",
    "onnxruntime_providers_shared": "MIT", "opencore-amrnb": "Apache-2.0",
    "opencore-amrwb": "Apache-2.0", "openjp2": "BSD-2-Clause", "opus": "BSD-3-Clause",
    "png16": "libpng-2.0", "quadmath": "LGPL-2.1-or-later", "scipy_openblas": "BSD-3-Clause",
    "scipy_openblas64_": "BSD-3-Clause", "sharpyuv": "BSD-3-Clause",
    "sndfile": "LGPL-2.1-or-later", "tiff": "libtiff", "unistring": NETTLE, "vpl": "MIT",
    "vpx": "BSD-3-Clause", "webp": "BSD-3-Clause", "webpdemux": "BSD-3-Clause",
    "webpmux": "BSD-3-Clause", "xcb": "MIT", "xcb-shape": "MIT", "xcb-shm": "MIT",
    "xcb-xfixes": "MIT", "zstd": "BSD-3-Clause OR GPL-2.0-only",
}  # fmt: skip
"""Licences of libraries in wheels, by their names without lib, hash and version."""

_LIBRARY = re.compile(r"^lib(?P<name>.+?)(-[0-9a-f]{8})*(_x86_64|_arm64)?(\.\d+)*\.(so|dylib)")
_FOLDERS = re.compile(r"\.libs$|^\.dylibs$|^_soundfile_data$|^capi$|^binding$")
_CLASSIFIER = "License :: OSI Approved :: "


@dataclass(frozen=True, slots=True)
class Licence:
    """Of a distribution. libraries: those in its wheel, with their licences."""

    name: str
    version: str
    licence: str
    libraries: dict[str, str]

    @property
    def copyleft(self) -> list[str]:
        """What of it is under the GPL, the AGPL or the LGPL, with the licence."""
        named = {self.name: self.licence, **self.libraries}
        return [f"{name} ({licence})" for name, licence in named.items() if is_copyleft(licence)]


def is_copyleft(licence: str) -> bool:
    """Whether a licence has no other choice than the GPL or the LGPL; GCC's libraries except it."""
    choices = licence.split(" OR ")
    return all("GPL" in choice and "exception" not in choice for choice in choices)


def licences(found: Iterable[Distribution]) -> list[Licence]:
    """Return them by name, each once."""
    once = {distribution.name.lower(): distribution for distribution in found}
    return [
        Licence(d.name, d.version, declared(d), dict(sorted(libraries(d))))
        for _, d in sorted(once.items())
    ]


def declared(distribution: Distribution) -> str:
    """Return the licence in the metadata: the expression, else the classifiers, else the text."""
    metadata = distribution.metadata
    if expression := metadata.get("License-Expression"):
        return str(expression)
    classified = [c.removeprefix(_CLASSIFIER) for c in metadata.get_all("Classifier") or ()
                  if c.startswith(_CLASSIFIER)]  # fmt: skip
    if classified:
        return ", ".join(classified)
    text = str(metadata.get("License") or "").strip()
    return text.splitlines()[0][:80] if text else UNKNOWN


def libraries(distribution: Distribution) -> Iterator[tuple[str, str]]:
    """Yield the shared libraries of others that a wheel carries along, with their licences."""
    for file in distribution.files or ():
        path = PurePath(str(file))
        fits = _LIBRARY.match(path.name)
        if fits and any(_FOLDERS.search(part) for part in path.parts[:-1]):
            yield fits["name"], LIBRARIES.get(fits["name"], UNKNOWN)


def installed(lock: str | None) -> list[Distribution]:
    """Return the installed distributions, where a lock is named only those that it pins."""
    found = list(distributions())
    if lock is None:
        return found
    pinned = {_normal(name) for name, _ in pins(REQUIREMENTS / f"{lock}.txt")}
    return [distribution for distribution in found if _normal(distribution.name) in pinned]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> None:
    """Print them."""
    parser = argparse.ArgumentParser(prog="make licences", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--lock", help="only what this lock file pins, such as piper")
    arguments = parser.parse_args()
    found = licences(installed(arguments.lock))
    if arguments.json:
        print(json.dumps([asdict(each) for each in found], indent=2))
        return
    for each in found:
        print(f"{each.name} {each.version}: {each.licence}")
        for name, licence in each.libraries.items():
            print(f"    lib{name}: {licence}")
    left = [f"{each.name}: {', '.join(each.copyleft)}" for each in found if each.copyleft]
    print("\nUnder the GPL or the LGPL:", *left, sep="\n    ")


if __name__ == "__main__":
    main()
