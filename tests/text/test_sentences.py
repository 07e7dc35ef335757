import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.sentences import MIN_PIECE_LETTERS, is_speakable, letters, split_sentences

WORDS = st.from_regex(r"[A-Za-z0-9]{1,12}[.,!?;:]?", fullmatch=True)
TEXTS = st.lists(WORDS, min_size=1, max_size=150).map(" ".join)


@given(st.text(max_size=600), st.sampled_from(["en", "zh", "ja", "de-DE", "xx", None]))
def test_any_text_is_split_within_the_limits(text: str, language: str | None) -> None:
    cleaned = " ".join(text.split())
    pieces = split_sentences(cleaned, language=language, max_characters=60)
    assert pieces or not is_speakable(cleaned)
    assert all(0 < letters(piece) <= 60 and is_speakable(piece) for piece in pieces)
    assert [*filter(is_speakable, "".join(pieces))] == [*filter(is_speakable, cleaned)]


@given(TEXTS)
def test_no_word_is_lost_or_cut(text: str) -> None:
    pieces = split_sentences(text)
    assert " ".join(pieces).split() == text.split()
    assert letters(pieces[0]) <= 100
    assert all(letters(piece) <= 260 for piece in pieces)


@given(TEXTS)
def test_pieces_are_no_tiny_fragments(text: str) -> None:
    pieces = split_sentences(text)
    tiny = [piece for piece in pieces if letters(piece) < MIN_PIECE_LETTERS]
    # Only a last sentence that does not fit into the piece before it may stand alone.
    assert len(pieces) == 1 or tiny in ([], [pieces[-1]])
    if tiny and len(pieces) > 1:
        assert letters(" ".join([pieces[-2], tiny[0]])) > 100


def test_sentences_are_kept_whole() -> None:
    text = "Dr. Smith paid $3.50 for a coffee. He left at 10.30 in the morning."
    assert split_sentences(text) == (
        "Dr. Smith paid $3.50 for a coffee.",
        "He left at 10.30 in the morning.",
    )


def test_a_short_greeting_is_joined_with_what_follows() -> None:
    assert split_sentences("Hi! How have you been since last week? Well, I hope.") == (
        "Hi! How have you been since last week? Well, I hope.",
    )


def test_the_first_piece_ends_at_a_clause() -> None:
    text = "I wanted to tell you, before anybody else does, " + "that we are moving away " * 5
    assert split_sentences(text)[0] == "I wanted to tell you, before anybody else does,"


def test_a_long_sentence_is_cut_at_clauses_before_spaces() -> None:
    clause = "and then there was another thing to be said about that,"
    pieces = split_sentences(" ".join([clause] * 12))
    assert all(piece.endswith(",") for piece in pieces)


def test_a_word_is_cut_only_when_it_is_longer_than_the_limit() -> None:
    word = "x" * 150
    assert split_sentences(f"Say {word} now") == (f"Say {word} now",)
    assert split_sentences("y" * 300) == ("y" * 260, "y" * 40)


def test_languages_without_spaces_are_split() -> None:
    chinese = "今天天气很好，我们去公园吧。" * 30
    pieces = split_sentences(chinese, language="zh")
    assert "".join(pieces) == chinese
    assert all(piece[-1] in "，。" for piece in pieces)
    assert split_sentences("こんにちは。" * 60, language="ja")[0].endswith("。")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Hello, you.", 11),
        ("今天", 10),
        ("안녕", 6),
        ("これは", 6),
        ("1999", 20),
        ("é", 2),
        ("", 0),
    ],
)
def test_length_is_measured_in_letters_that_take_as_long_to_say(text: str, count: int) -> None:
    assert letters(text) == count


# Seconds that a slow speaker takes for a character.
SLOW = {"en": 0.1, "zh": 0.4, "ja": 0.3, "ko": 0.3, "de": 0.1}
LONG = {
    "en": "the quick brown fox jumps over the lazy dog again " * 50,
    "de": "Donaudampfschifffahrtsgesellschaftskapitän und Jubiläumsgrüße " * 40,
    "zh": "我们在公园里看见了很多不知道名字的花和树" * 60,
    "ja": "私たちは公園で名前も知らない花や木をたくさん見ました" * 60,
    "ko": "우리는공원에서이름도모르는꽃과나무를많이보았습니다" * 60,
}


@pytest.mark.parametrize("language", LONG)
def test_no_piece_of_any_language_takes_longer_than_the_engine_can_speak(language: str) -> None:
    pieces = split_sentences(LONG[language], language=language, max_characters=300)
    assert "".join(pieces).replace(" ", "") == LONG[language].replace(" ", "")
    assert all(5 < len(piece) * SLOW[language] < 40 for piece in pieces)


def test_a_first_piece_of_chinese_is_short_too() -> None:
    first, *_ = split_sentences("我们今天一起去公园，看花，看树，" * 20, language="zh")
    assert first == "我们今天一起去公园，看花，看树，"


def test_a_long_number_is_cut_where_it_would_take_too_long() -> None:
    pieces = split_sentences("It is " + "3141592653 " * 30)
    assert all(letters(piece) <= 260 for piece in pieces)
    assert max(map(len, pieces)) < 60


def test_punctuation_alone_is_no_piece() -> None:
    assert split_sentences('He said "wait a moment please" . " ! - ?')[-1] != "?"
    assert all(map(is_speakable, split_sentences("Hello there, my dear old friend. ... !!! ...")))
