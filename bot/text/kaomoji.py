"""Faces of East Asian chat, such as `(´・ω・`)` and `m(_ _)m`: drawn with letters, never said."""

from __future__ import annotations

import re

_LETTERS = "ωДдΔｪェεзᴥωヮﾜ口皿益ロэЗノﾉゝっつツｏoOxXTtｔＴuUvVwWｗдσoｑ︶"
"""Of which eyes, mouths and hands are drawn inside; no word in brackets has a mark among them."""

_SIGNS = (
    "´`｀・･^＾_＿~〜><＞＜≧≦;；:：'’\"“”°゜ﾟ｡。.*＊@＠#＃=＝-－‐￣¯∀∇▽□△◇▼○●◎◕◉⊙◠◡‿﹏¬ಠಥ┬─╥ᴗ﹃ᵕ˘ˇ♥♡☆★♪✧"
    "╹๑˙˃˂⌒⌣⁰′‵，!！?？|｜/\\＼ʖ \u0300\u0301\u035c\u0361\u3000"
)
_ARMS = "\\/＼／ヽヾゞ୧୨٩۶ง┐┌╰╯┗┛凸彡☆★♪♡✧゜ﾟ⌒_¯￣~〜=≡^┻━┬─︵︶"
# Hands that are letters, too, where no word goes on.
_HAND_BEFORE = r"(?:(?<![A-Za-z])[mｍob]|(?<![\u3040-\u30ff\u4e00-\u9fff])[ノﾉミ三])?"
_HANDS_BEHIND = r"(?:[mｍob](?![A-Za-z])|[ノﾉシｼミ三]{1,3}(?![\u3040-\u30ff\u4e00-\u9fff]))?"
_SHRUG = re.compile(r"¯?\\{1,3}_?\(ツ\)_?/¯?")
_BEAR = re.compile(r"ʕ[^ʕʔ\n]{1,12}ʔ")


def _any_of(characters: str, least: int, most: int) -> str:
    return f"[{re.escape(''.join(dict.fromkeys(characters)))}]{{{least},{most}}}"


_FACE = re.compile(
    rf"{_HAND_BEFORE}{_any_of(_ARMS + '<', 0, 6)}"
    rf"[(（]({_any_of(_LETTERS + _SIGNS + '╯╰', 2, 16)})[)）]"
    rf"{_any_of(_ARMS + '>', 0, 8)}{_HANDS_BEHIND}"
)
_SIGN = re.compile(_any_of(_SIGNS.replace(" ", ""), 1, 1))
_WORD = re.compile(r"[A-Za-z]{2,}|[\u3040-\u30ff]{2,}")


def without_kaomoji(text: str) -> str:
    """Return `text` with a space in place of each such face."""
    text = _BEAR.sub(" ", _SHRUG.sub(" ", text))
    return _FACE.sub(lambda face: " " if _is_face(face[1]) else face[0], text)


def _is_face(inside: str) -> bool:
    if not _SIGN.search(inside) or _WORD.search(inside):
        return False
    face = inside.strip(" ;*'\"")
    if not face.isascii() or not face:
        return True
    # Two eyes alike, and no arithmetic between them.
    eyes, mouth = face[0] + face[-1], face[1:-1]
    return (eyes[0] == eyes[1] or eyes == "><") and not set("*=/<>") & set(mouth)
