"""Addresses of all kinds: links, hosts, e-mail addresses, file names.

What is a site goes by the public suffix list, in the copy that publicsuffixlist ships.
"""

from __future__ import annotations

import functools
import re
import tomllib
from importlib import resources

from publicsuffixlist import PublicSuffixList

from bot.text.kept import KeptWords
from bot.text.words import Words

_PATH = r"(?:[^\s<>\"`|()，。；：！？「」『』【】《》（）]|\([^\s()<>]{0,200}\)){0,2000}"
_TRAILING = re.compile(r"[,.;:!?…、'\]}*_~]+$")
_SCHEME = r"(?<![a-z0-9+.-])(?:[a-z][a-z0-9+.-]{1,15}://|www\.)"
_URL = re.compile(rf"<?({_SCHEME}{_PATH})>?", re.IGNORECASE)
_LINK = re.compile(
    r"\[([^\[\]\n]{1,1000})\]\(\s*<?(?:https?://|www\.)(?:[^\s<>()]|\([^\s<>()]{0,200}\)){1,2000}>?(?:\s+\"[^\"]{0,200}\")?\s*\)"
)
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_HOST = rf"{_LABEL}(?:\.{_LABEL}){{1,8}}"
_EMAIL = re.compile(rf"(?<![\w.+-])(?:mailto:)?([\w.+-]{{1,64}})@({_HOST})(?![\w-])", re.IGNORECASE)
_BARE = re.compile(rf"(?<![\w@./\\-])({_HOST})(:\d{{1,5}})?([/?#]{_PATH})?(?![\w@-])")
_FILE = re.compile(r"(?<![\w./\\@-])([\w-][\w.+-]{0,200})(?![\w-])")


def read_links(text: str, words: Words, kept: KeptWords) -> str:
    """Return `text` with web addresses in words; a named link is read as its name."""

    def link(match: re.Match[str]) -> str:
        address = _TRAILING.sub("", match[1])
        site = _site(address)
        if not site and address[:4].lower() == "www.":
            return match[0]
        said = kept.keep(words.link_to.format(site=site) if site else words.link)
        return said + match[1][len(address) :]

    return _URL.sub(link, _LINK.sub(r"\1", text))


def read_addresses(text: str, words: Words, kept: KeptWords) -> str:
    """Return `text` with e-mail addresses, hosts with paths and file names in words."""
    text = _EMAIL.sub(lambda match: kept.keep(_email(match[1], match[2], words)), text)
    text = _BARE.sub(lambda match: _bare(match, words, kept), text)
    return _FILE.sub(lambda match: _file(match, words, kept), text)


def _bare(match: re.Match[str], words: Words, kept: KeptWords) -> str:
    host, port, given = match[1], match[2] or "", match[3] or ""
    path = _TRAILING.sub("", given)
    rest = given[len(path) :]
    end = host.rpartition(".")[2]
    lone = len(path) < 2
    if lone and (end.lower() in _endings("extensions") | _endings("words")):
        return match[0]
    site = _registrable(host)
    typed_apart = end[:1].isupper() and not host.isupper()  # "end.Next"
    if typed_apart or end.isdigit() or not site:
        return match[0]
    if lone and not port:
        return kept.keep(host.lower()) + rest
    return kept.keep(words.link_to.format(site=site)) + rest


def _file(match: re.Match[str], words: Words, kept: KeptWords) -> str:
    stem, _, extension = match[1].rpartition(".")
    named = re.search(r"[^\W\d_]", stem)
    if (
        not named
        or extension.lower() not in _endings("extensions")
        or extension[:1].isupper() != extension.isupper()
    ):
        return match[0]
    if len(extension) == 1 and len(stem) == 1:  # "e.g", "a.c"
        return match[0]
    spoken = re.sub(r"[_+-]+", " ", stem).replace(".", f" {words.dot} ")
    return kept.keep(" ".join(f"{spoken} {words.dot} {extension}".split()))


def _email(name: str, host: str, words: Words) -> str:
    signs = {".": words.dot, "-": words.dash, "_": words.underscore, "+": words.plus}
    spelled = "".join(f" {signs[c]} " if c in signs else c for c in f"{name}\0{host}")
    return " ".join(spelled.replace("\0", f" {words.at} ").split())


def _site(address: str) -> str:
    """Return the site of an address: its registrable name, else its host; "" if it has none."""
    rest = re.sub(r"^[a-z][a-z0-9+.-]*://", "", address, flags=re.IGNORECASE)
    authority = re.split(r"[/?#\\]", rest, maxsplit=1)[0].rpartition("@")[2]
    host = authority.partition(":")[0].strip(".")
    if not host:
        return ""
    site = _registrable(host) or (_plain_host(host) if rest != address else "")
    return site.removeprefix("www.") or site  # "www.ba" is an address of its own


def _plain_host(host: str) -> str:
    return host.lower() if re.fullmatch(r"[\w.-]{1,100}", host) else ""


def _registrable(host: str) -> str | None:
    unicode = ".".join(_readable(label) for label in host.lower().split("."))
    return _suffixes().privatesuffix(unicode, accept_unknown=False)


def _readable(label: str) -> str:
    if label.startswith("xn--"):
        try:
            return label[4:].encode("ascii").decode("punycode")
        except (UnicodeError, OverflowError):
            return label
    return label


@functools.cache
def _endings(kind: str) -> frozenset[str]:
    file = resources.files("bot.text") / "data" / "addresses.toml"
    return frozenset(tomllib.loads(file.read_text("utf-8"))[kind].split())


@functools.cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)
