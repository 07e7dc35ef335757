"""Every catalogue has every text that members can see, in a form that Discord and `format` take."""

from __future__ import annotations

import asyncio
import re
import string
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog, Message

from bot.i18n import TRANSLATED, in_locale, pgettext
from bot.languages import LANGUAGES
from bot.settings.catalogue import definition, definitions
from bot.settings.definition import Page
from bot.settings.guild import GuildSettings
from bot.settings.member import MemberSettings
from bot.settings.words import shown
from cogs.dictionary.words import entry_line
from storage.dictionary import Entry
from tools.catalogues.commands import command_texts
from tools.catalogues.files import PLURALS, content_of, is_translated, path_of, read, template_of
from tools.catalogues.files import updated as brought_up_to_date
from tools.catalogues.sources import marked_texts

# https://discord.com/developers/docs/interactions/application-commands#application-command-object
NAME = re.compile(r"[-_'\w\u0900-\u097f\u0e00-\u0e7f]{1,32}")
MAX_DESCRIPTION, MAX_CHOICE, MAX_MENU = 100, 100, 32
# Japanese has one form; the others one for 1, and French for 0, too.
FORMS = {"de": 2, "ja": 1, "es": 2, "fr": 2}


@pytest.fixture(scope="module")
def template() -> Catalog:
    return template_of([*marked_texts(), *asyncio.run(command_texts())])


def texts(locale: str) -> Iterator[Message]:
    return (message for message in read(locale) if message.id)


def sources(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def translations(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def placeholders(text: str) -> set[tuple[str, str]]:
    fields = string.Formatter().parse(text)
    return {(name, spec or "") for _, name, spec, _ in fields if name is not None}


@pytest.mark.parametrize("locale", TRANSLATED)
def test_a_catalogue_has_the_texts_of_today_and_no_others(locale: str, template: Catalog) -> None:
    today = {(message.context, message.id) for message in template if message.id}
    there = {(message.context, message.id) for message in texts(locale)}
    assert (sorted(map(str, today - there)), sorted(map(str, there - today))) == ([], [])
    current = path_of(locale).read_bytes()
    assert current == content_of(brought_up_to_date(locale, template)), "make catalogues"
    catalog = read(locale)
    assert not catalog.obsolete
    assert [message.id for message in catalog if message.id and message.fuzzy] == []


@pytest.mark.parametrize("locale", TRANSLATED)
def test_every_text_is_translated(locale: str) -> None:
    assert [message.id for message in texts(locale) if not is_translated(message)] == []


@pytest.mark.parametrize("locale", TRANSLATED)
def test_placeholders_are_those_of_the_source(locale: str) -> None:
    wrong = []
    for message in texts(locale):
        known = set().union(*map(placeholders, sources(message)))
        for translation in translations(message):
            # A singular may spell its number out.
            optional = {field for field in known if len(sources(message)) > 1}
            found = placeholders(translation)
            if not known - optional <= found <= known:
                wrong.append((message.id, translation))
    assert wrong == []


@pytest.mark.parametrize("locale", TRANSLATED)
def test_plurals_have_the_forms_of_the_language(locale: str) -> None:
    catalog = read(locale)
    assert f"nplurals={FORMS[locale]};" in PLURALS[locale]
    assert catalog.num_plurals == FORMS[locale]
    plurals = [message for message in texts(locale) if len(sources(message)) > 1]
    assert len(plurals) > 10
    assert {len(translations(message)) for message in plurals} == {FORMS[locale]}
    for message in plurals:  # the form for many has all that the source says
        many = set(placeholders(sources(message)[-1]))
        assert placeholders(translations(message)[-1]) == many, message.id


@pytest.mark.parametrize("locale", TRANSLATED)
def test_texts_of_commands_are_such_as_discord_takes(locale: str) -> None:
    for message in texts(locale):
        text = translations(message)[0]
        match message.context:
            case "command name" | "option name":
                assert NAME.fullmatch(text), text
                assert text == text.lower()
            case "menu":
                assert len(text) <= MAX_MENU, text
            case "choice":
                assert len(text) <= MAX_CHOICE, text
            case "description":
                assert len(text) <= MAX_DESCRIPTION, f"{len(text)}: {text}"
            case "picture":  # Pillow's own font has no other letters
                assert text.isascii(), text
            case other:
                assert other in (None, "voice")


@pytest.mark.parametrize("locale", TRANSLATED)
@pytest.mark.parametrize("menu", ["Speak this", "Make this my voice", "Was this made here?"])
def test_a_text_calls_a_menu_as_discord_shows_it(locale: str, menu: str) -> None:
    with in_locale(locale):
        shown = pgettext("menu", menu)
    named = [message for message in texts(locale) if menu in sources(message)[0]]
    named = [message for message in named if message.context is None]
    assert len(named) > 0
    assert [message.string for message in named if shown not in str(message.string)] == []


ENDONYMS = {"English", "Deutsch", "日本語", "Español", "Français"}
UNITS = {"×", "dB", "LUFS"}


def looked_up() -> set[str]:
    """What is translated through a variable, where no test of the sources sees it."""
    settings = [*definitions(GuildSettings), *definitions(MemberSettings)]
    texts = {text for d in settings for text in (d.label, d.meaning, d.unit, d.empty)}
    texts |= {text for d in settings for text in (d.choices or {}).values()}
    return (texts | {*LANGUAGES.values(), *Page}) - ENDONYMS - UNITS - {""}


@pytest.mark.parametrize("locale", TRANSLATED)
def test_what_is_looked_up_by_a_variable_is_there(locale: str) -> None:
    assert sorted(looked_up() - {message.id for message in texts(locale)}) == []


@pytest.mark.parametrize(
    ("locale", "language"), [("de", "Japanisch"), ("ja", "日本語"), ("es", "japonés")]
)
def test_languages_are_named_in_the_readers_language(locale: str, language: str) -> None:
    with in_locale(locale):
        shown_language = shown(definition(MemberSettings, "language"), "ja")
        line = entry_line(Entry("lol", "laughing", language="ja"))
    assert shown_language == language
    assert line == f"lol → laughing · {language}"
