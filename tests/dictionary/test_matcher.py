"""What texts become: words, emoji, patterns, languages, whose entries come first."""

from __future__ import annotations

import random
import string
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.dictionary.entries import checked
from bot.dictionary.matcher import MAX_GROWTH, Matcher
from bot.dictionary.table import Table
from bot.errors import UserError
from bot.text.names import Names
from bot.text.plan import clean_text
from storage.dictionary import Entry


def matcher(*tables: list[Entry]) -> Matcher:
    return Matcher([Table(map(checked, table)) for table in tables])


def say(text: str, *given: Entry, language: str | None = None, names: Names | None = None) -> str:
    return clean_text(
        text, max_characters=3000, language=language, names=names, dictionary=matcher([*given])
    )


def words(**given: str) -> list[Entry]:
    return [Entry(written, spoken) for written, spoken in given.items()]


LOL, GG = words(lol="laughing", gg="good game")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lol", "laughing"),
        ("LOL, that's **lol**!", "laughing, that's laughing!"),
        ("lollipop xlol lol2 lol_x", "lollipop xlol lol2 lol_x"),
        ("gg-lol/lol's “lol”", 'good game-laughing/laughing\'s "laughing"'),
        ("__lol__ ~~gg~~ _lol_", "laughing good game laughing"),
        ("# lol\n- gg\n> lol", "laughing. good game. laughing"),
        ("ｌｏｌ 𝓵𝓸𝓵", "laughing laughing"),
        ("`lol` ```lol``` ||lol||", "laughing code spoiler"),
        ("https://lol.com/lol?lol=lol gg", "link to lol.com good game"),
        (
            "www.gg.com/lol me.lol@gg.de lol.pdf",
            "link to gg.com me dot lol at gg dot de lol dot pdf",
        ),
        ("<:lol:123456789012345678> <#123456789012345678>", "lol a channel"),
    ],
)
def test_whole_words_are_replaced_where_words_are_read(text: str, said: str) -> None:
    assert say(text, LOL, GG) == said


@pytest.mark.parametrize(
    ("written", "text", "said"),
    [
        ("straße", "STRASSE Straße straẞe Strassen", "X X X Strassen"),
        ("İstanbul", "i̇stanbul", "X"),
        ("σίγμας", "ΣΊΓΜΑΣ", "X"),
        ("café", "cafe\u0301 CAFÉ cafés", "X X cafés"),
        ("हिन्दी", "हिन्दी हिन्द", "X हिन्द"),
        ("привет", "ПРИВЕТ приветы", "X приветы"),
        ("草", "大草原 草www", "大X原 X www"),
        ("www", "草www", "草X"),
        ("ツイッター", "ツイッターで見た", "Xで見た"),
        ("สวัสดี", "สวัสดีครับ", "Xครับ"),
        ("AI", "AIを使う said", "Xを使う said"),
        ("New York", "new  york New Yorker", "X New Yorker"),
        ("3", "3 people, 3.5, 1,300 and v3", "X people, 3.5, 1,300 and v3"),
        ("C++", "c++, (C++) and C++.", "X, (X) and X."),
        ("C#", "C# c#3", "X X 3"),
        ("node.js", "I like node.js.", "I like X."),
        ("&", "R&B", "R X B"),
        ("€", "5€", "5 X"),
        ("->", "a->b -> c", "a X b X c"),
        ("@home", "@home", "X"),
        ("T_T", "oh T_T", "oh X"),
        ("https://example.com", "https://example.com", "X"),
    ],
)
def test_words_by_the_rules_of_their_script(written: str, text: str, said: str) -> None:
    assert say(text, Entry(written, "X")) == said


@pytest.mark.parametrize(
    ("written", "text", "said"),
    [
        ("👍", "ok 👍👍🏽", "ok X"),
        ("👍🏽", "👍 👍🏽 👍🏿", "thumbs up, X"),
        ("👨", "👨 👨‍👩‍👧", "X, family man woman girl"),
        ("❤️", "❤ ❤️", "X"),
        ("🇩🇪", "🇩🇪 🇫🇷", "X, France"),
        ("1️⃣", "1️⃣ 2️⃣", "X 2"),
        ("<:pog:1>", "<:pog:123456789012345678> <a:Pog:2> :pog: pog", "X pog"),
        (":joy:", "😂 :joy: joy", "X joy"),
        (":)", "hi :) :-) lol:) :),", "hi X lol X X,"),
        ("<3", "<3 </3", "X, broken heart"),
        ("xD", "xD XD", "X X"),
        ("(^_^)", "(^_^)", "X"),
        ("👍", "`👍` ```👍``` ||👍||", "X code spoiler"),
    ],
)
def test_emoji_and_faces(written: str, text: str, said: str) -> None:
    assert say(text, Entry(written, "X")) == said


def test_an_entry_for_an_emoji_comes_before_one_for_its_name() -> None:
    assert say("😂 🔥", Entry(":joy:", "name"), Entry("😂", "sign"), Entry(":fire:", "hot")) == (
        "sign, hot"
    )


def test_silence() -> None:
    given = (Entry("uh", ""), Entry("👍", ""))
    assert say("Well uh, 👍 yes uh.", *given) == "Well, yes."
    assert say("Uh, uh... yes, uh no", *given) == "yes, no"
    assert say("well-uh (uh)", *given) == "well- ()"
    with pytest.raises(UserError, match="nothing to say"):
        say("uh! 👍", Entry("uh", ""), Entry("👍", ""))


def test_the_longest_comes_first_and_nothing_is_replaced_twice() -> None:
    given = words(New="old", York="town", **{"New York": "NY", "NY": "wrong", "old": "wrong"})
    assert say("New York, York, new NY", *given) == "NY, town, old wrong"


def test_what_is_said_is_cleaned_like_any_text() -> None:
    assert say("a b", Entry("a", "**x** 👍"), Entry("b", "no\nlonger!!!!")) == (
        "x thumbs up no longer!!"
    )


def test_names_are_words_too() -> None:
    names = Names({1: "xXlolXx gg"}, {2: "gg"}, {3: "lol"})
    assert say("<@1> <@&2> <#3> <@4>", LOL, GG, names=names) == (
        "xXlolXx good game good game laughing someone"
    )


def test_a_language_has_entries_of_its_own() -> None:
    given = (Entry("die", "dee", language="de"), LOL, Entry("lol", "lustig", language="de"))
    assert say("die lol", *given, language="en") == "die laughing"
    assert say("die lol", *given) == "die laughing"
    assert say("die lol", *given, language="de") == "dee lustig"
    pattern = Entry(r"\bdie\b", "dee", True, "de")
    assert say("die", pattern, language="de-AT") == "dee"
    assert say("die", pattern, language="fr") == "die"


def test_the_first_tables_entries_come_first() -> None:
    own = [Entry("gg", "giggle"), Entry(r"n\w+", "own", True)]
    server = [*words(gg="good game", **{"new gg": "wrong", "nine": "wrong", "lol": "laughing"})]
    text = clean_text("gg lol nine", max_characters=99, dictionary=matcher(own, server))
    assert text == "giggle laughing own"


# Patterns


@pytest.mark.parametrize(
    ("written", "spoken", "text", "said"),
    [
        (r"(\d+)k\b", r"\1 thousand", "5k or 10K", "5 thousand or 10 thousand"),
        (r"(?P<a>\w)(\w)", r"\2\g<a>", "ab cd", "ba dc"),
        (r"^hi\b", "hello", "hi hi", "hello hi"),
        (r"(?<=o)o+", "", "nooooo", "no"),
        (r"x*", "y", "abc", None),
        (r"(?=b)", "y", "abc", "abc"),
        (r"w{3,}", " laughing", "草wwww", "草 laughing"),
        (r"(a)|(b)", r"x\1", "ab", "xax"),
        (r"lol", "ha", "lollipop", "halipop"),
        (r"\\n", r"\n", r"a", "a"),
    ],
)
def test_patterns(written: str, spoken: str, text: str, said: str | None) -> None:
    entry = Entry(written, spoken, True)
    if said is None:
        with pytest.raises(UserError):
            checked(entry)
    else:
        assert say(text, entry) == said


def test_of_patterns_the_longest_of_the_first_counts_whatever_their_order() -> None:
    given = [Entry(r"b\w", "2", True), Entry(r"a\w", "1", True), Entry(r"a\wc", "3", True)]
    assert say("abc", *given) == say("abc", *given[::-1]) == "3"
    assert say("abd", *given) == "1d"


def test_links_and_mentions_stay_whole_in_what_a_pattern_finds() -> None:
    entry = Entry("(.*) is (.*)", r"\2 was \1", True)
    names = Names({1: "Ann"})
    assert say("<@1> is at https://example.com/a", entry, names=names) == (
        "at link to example.com was Ann"
    )


def slow_table() -> Table:
    """A table with a pattern that was not tried."""
    return Table([Entry("(a+)+$", "slow", True), Entry("(b)", "fast", True)])


def test_a_pattern_that_takes_too_long_is_passed_over_and_the_others_are_not() -> None:
    table = slow_table()
    entries = Matcher([table]).entries("en")
    start = time.process_time()
    assert entries.replace("a" * 500 + "! b") == "a" * 500 + "! fast"
    assert time.process_time() - start < 1.0
    assert [pattern.slow for pattern in table.patterns] == [True, False]


def test_all_patterns_together_have_a_bound() -> None:
    tables = [slow_table() for _ in range(50)]
    start = time.process_time()
    Matcher(tables).entries("en").replace("a" * 500 + "!")
    assert time.process_time() - start < 1.0


def test_a_text_grows_by_so_much_at_most() -> None:
    long = Entry("a", "x" * 200)
    entries = matcher([long]).entries("en")
    assert 500 < len(entries.replace("a " * 250)) <= 500 + MAX_GROWTH
    doubling = Entry(r"(\w+)", r"\1\1\1\1\1\1\1\1", True)
    assert len(matcher([doubling]).entries("en").replace("abc " * 150)) <= 600 + MAX_GROWTH


def test_what_has_no_room_takes_no_memory() -> None:
    greedy = checked(Entry(r"(?=(.*))\w", r"\1" * 60, True))
    entries = matcher([greedy]).entries("en")
    tracemalloc.start()
    entries.replace("abc " * 700)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000, peak


# Any text, any entries

LETTERS = st.sampled_from(
    [*"aAbß草ﬀİ\u0301 ._-:<>@1😂👍🏽*|`", "lol", "www", "ab ", "<:a:1>", ":a:"]
)
TEXTS = st.lists(LETTERS, max_size=25).map("".join)
PATTERNS = st.sampled_from([r"(\w)", r"\S+", "a|b", r"(.)\1", "^.", r"\d+", r"(?i)B+"])


def entry(written: str, spoken: str, pattern: str | None, language: str) -> Entry | None:
    try:
        return checked(Entry(pattern or written, spoken, pattern is not None, language))
    except UserError:
        return None


ENTRIES = st.lists(
    st.builds(entry, TEXTS, TEXTS, st.none() | PATTERNS, st.sampled_from(["", "de"])), max_size=5
).map(lambda found: [each for each in found if each is not None])


@settings(max_examples=50)
@given(TEXTS, ENTRIES)
def test_any_dictionary_makes_a_text_that_stays_as_it_is(text: str, given: list[Entry]) -> None:
    dictionary = Matcher([Table(given)])
    try:
        cleaned = clean_text(text, max_characters=3000, dictionary=dictionary)
    except UserError:
        return
    assert clean_text(cleaned, max_characters=3000) == cleaned
    assert cleaned.isprintable()


@given(TEXTS)
def test_an_empty_dictionary_changes_nothing(text: str) -> None:
    entries = Matcher([]).entries(None)
    assert entries.replace(text) == text
    assert entries.exact(text) is None


def test_thousands_of_entries_take_no_time() -> None:
    chance = random.Random(1)
    spelled = {
        "".join(chance.choices(string.ascii_lowercase, k=chance.randint(2, 40))): "x"
        for _ in range(2000)
    }
    found = matcher(words(**spelled), words(**spelled))
    text = " ".join(chance.choices(list(spelled), k=30))[:600]
    start = time.process_time()
    for _ in range(10):
        found.entries("en").replace(text)
    assert (time.process_time() - start) / 10 < 0.02  # 2 ms where nothing else runs
