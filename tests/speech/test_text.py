import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UserError
from bot.speech.text import clean_text


def clean(text: str) -> str:
    return clean_text(text, max_characters=1000)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  Hello \t\n world ", "Hello world"),
        ("𝓗𝓮𝓵𝓵𝓸 ﬁne Ｆｕｌｌ", "Hello fine Full"),
        ("“quote” it’s «so»", '"quote" it\'s "so"'),
        ("one—two 10–20 well…", "one - two 10-20 well..."),
        ("a\u200bb\u202ec\x00d\ufeff", "abc d"),
        ("fine👍🏽thanks 1️⃣", "fine thanks 1"),
        ("it is 20°C", "it is 20°C"),
        ("see https://example.com/a?b=c. Or (www.example.com)!", "see link. Or (link)!"),
        ("看https://example.com/吧", "看link吧"),
        ("nooooooooo 1000000", "nooo 1000000"),
        ("hahahahahahahaha 哈哈哈哈哈哈", "hahahaha 哈哈哈"),
        ("what?!?!?!?! yes!!!!!!! wait.......", "what?? yes!! wait..."),
        ("really?! I know", "really?! I know"),
        ("a ====== b **bold** snake_case", "a b bold snake_case"),
        ("Title\n\nText that\nis wrapped.\n\nEnd", "Title. Text that is wrapped. End"),
        ("今天很好！我们走吧？", "今天很好！我们走吧？"),
        ("e" + "\u0301\u0300\u0302\u0303\u0308\u0304" * 5, "\u00e9\u0300\u0302\u0303"),
        ("[laugh] that is funny", "[laugh] that is funny"),
    ],
)
def test_text_is_made_readable(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize("text", ["", "   ", "...!?", "😂😂", "\u200b", "—", "🇩🇪"])
def test_text_without_letters_or_digits_is_an_error(text: str) -> None:
    with pytest.raises(UserError, match="nothing to say"):
        clean(text)


def test_too_long_text_is_refused_with_the_limit_named() -> None:
    assert len(clean_text("ab " * 33 + "c", max_characters=100)) == 100
    with pytest.raises(UserError, match=r"101 characters; the limit is 100\b"):
        clean_text("ab " * 33 + "cd", max_characters=100)
    with pytest.raises(UserError, match="the limit is 100"):
        clean_text(" " * 1001, max_characters=100)


@given(st.text(max_size=300))
def test_cleaning_any_text_settles(text: str) -> None:
    try:
        cleaned = clean(text)
    except UserError:
        return
    assert cleaned == " ".join(cleaned.split())
    assert cleaned.isprintable()
