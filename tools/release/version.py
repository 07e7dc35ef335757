"""The version, which stands in one place, and what a tag must have for it.

python -m tools.release.version          prints it
python -m tools.release.version v1.2.3   exits with 1 unless the tag fits and the changelog has it
"""

from __future__ import annotations

import re
import sys

from tools.release.locks import ROOT

DISTRIBUTION = "mynah-bot"


def version() -> str:
    """Return `bot.__version__` without importing the bot."""
    source = (ROOT / "bot" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"$', source, re.MULTILINE)
    assert found is not None
    return found[1]


def notes(of: str, changelog: str) -> str:
    """Return a version's section of the changelog, without its heading; "" where there is none."""
    section = rf"^## {re.escape(of)}(?![\w.])[^\n]*\n(.*?)(?=^## |\Z)"
    found = re.search(section, changelog, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


def refusal(tag: str, of: str, changelog: str) -> str | None:
    """Return why this tag cannot be released; None if it can."""
    if tag != f"v{of}":
        return f"The tag is {tag}, and bot/__init__.py says {of}."
    if not notes(of, changelog):
        return f"CHANGELOG.md has no section ## {of}."
    return None


def main() -> None:
    """Print the version, or check a tag."""
    if not sys.argv[1:]:
        print(version())
        return
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    if said := refusal(sys.argv[1], version(), changelog):
        sys.exit(said)
    print(notes(version(), changelog))


if __name__ == "__main__":
    main()
