"""The Dutch catalogue is complete and right, and no word that people see stands outside of the catalogues.

Every rule is a function that returns what is wrong, so that each can be shown something bad too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from tests.house import words
from tests.house.words import ROOT, Text, first

LONGEST_SENTENCE = 20
# The same in both languages.
SAME = {
    "%(n)s min",
    "%(n)s s",
    "Chat",
    "Chats",
    "Contact",
    "E-mail",
    "Gender",
    "Later",
    "Menu",
    "Module",
    "School",
    "Supervisor",
    "Test",
    "Website",
    "exact",
}


def translated(language: str, name: str = "messages") -> Catalog:
    path = ROOT / "translations" / language / "LC_MESSAGES" / f"{name}.po"
    with path.open("rb") as file:
        return read_po(file, locale=language)


def messages(catalogue: Catalog) -> Iterator[Message]:
    """All but the header."""
    return (message for message in catalogue if message.id)


def forms(text: Text | list[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


# --- the catalogue -----------------------------------------------------------------------------------------


def missing(catalogue: Catalog, wanted: set[Text]) -> Iterator[str]:
    """A text without a translation, or without one of its plural forms."""
    for text in wanted:
        found = catalogue.get(first(text))
        complete = catalogue.num_plurals if isinstance(text, tuple) else 1
        if found is None or found.id != text or len(forms(found.string)) != complete or not all(forms(found.string)):
            yield first(text)


def fuzzy(catalogue: Catalog, wanted: set[Text]) -> Iterator[str]:
    """A guess that nobody looked at; the application would not show it."""
    yield from (first(message.id) for message in messages(catalogue) if message.fuzzy)


def obsolete(catalogue: Catalog, wanted: set[Text]) -> Iterator[str]:
    """A text that is no longer in code or templates."""
    yield from (first(message.id) for message in messages(catalogue) if message.id not in wanted)
    yield from (first(text) for text in catalogue.obsolete)


PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|%|\{\w*\}")


def placeholders(catalogue: Catalog, wanted: set[Text]) -> Iterator[str]:
    """A part to fill in that is missing, doubled or misspelt; a lone % would break the page."""
    for message in messages(catalogue):
        sources = forms(message.id)
        for number, string in enumerate(forms(message.string)):
            source = sources[min(number, len(sources) - 1)]
            found = Counter(PLACEHOLDER.findall(string))
            if string and (found != Counter(PLACEHOLDER.findall(source)) or "%" in found):
                yield string


def plural_rule(catalogue: Catalog, wanted: set[Text]) -> Iterator[str]:
    """Not the plural rule of the language."""
    rule = Catalog(locale=catalogue.locale).plural_forms
    if catalogue.plural_forms != rule:
        yield f"{catalogue.plural_forms} instead of {rule}"


ENGLISH = re.compile(r"\b(?:the|and|you|your|this|that|with|are|have|not|for|to|don|can’t)\b", re.IGNORECASE)


def english_left(catalogue: Catalog, wanted: set[Text]) -> Iterator[str]:
    """A text that was copied rather than translated, or a word of it."""
    for message in messages(catalogue):
        for string in forms(message.string):
            copied = words.LETTERS.search(PLACEHOLDER.sub("", string)) and string in forms(message.id)
            if ENGLISH.search(string) or (copied and string not in SAME):
                yield string


QUOTED = re.compile(r"“([^”]+)”")


def other_labels(catalogue: Catalog, wanted: set[Text]) -> Iterator[str]:
    """A text that names a button by other words than stand on the button."""
    for message in messages(catalogue):
        for label in QUOTED.findall(" ".join(forms(message.id))):
            button = catalogue.get(label)
            if button and any(f"“{button.string}”" not in string for string in forms(message.string)):
                yield first(message.id)


INFORMAL = re.compile(r"\b(?:je|jij|jou|jouw|jezelf|jijzelf|jullie)\b", re.IGNORECASE)
FORMAL = re.compile(r"\b(?:u|uw|uzelf)\b", re.IGNORECASE)


def wrong_tone(
    catalogue: Catalog,
    wanted: set[Text],
    readers: dict[str, set[str]] | None = None,
    own: Catalog | None = None,
) -> Iterator[str]:
    """Young people and staff are 'je', on the prevention line it is 'u': what both read has words of its own there."""
    known = words.readers() if readers is None else readers
    formal = own or translated("nl", "prevention")
    for message in messages(catalogue):
        who = known.get(first(message.id), set())
        formally = who & {"both", "prevention"} and not formal.get(first(message.id))
        for string in forms(message.string):
            if (INFORMAL.search(string) and formally) or (FORMAL.search(string) and who & {"both", "youth", "console"}):
                yield string


def test_the_prevention_line_says_u_where_the_others_say_je() -> None:
    shared, own = translated("nl"), translated("nl", "prevention")
    for message in messages(own):
        original = shared.get(first(message.id))
        assert original is not None
        assert original.id == message.id
        assert words.readers()[first(message.id)] & {"both", "prevention"}, message.id
        assert len(forms(message.string)) == len(forms(original.string))
        for informal, formal in zip(forms(original.string), forms(message.string), strict=True):
            assert INFORMAL.search(informal), informal
            assert FORMAL.search(formal), formal
            assert not INFORMAL.search(formal), formal
    others = (rule for rule in RULES if rule not in (missing, plural_rule, obsolete, wrong_tone, other_labels))
    assert [found for rule in others for found in rule(own, set())] == []


@pytest.mark.parametrize(("line", "words_of_it"), [("youth", "Je beantwoordt"), ("prevention", "U beantwoordt")])
def test_each_line_speaks_its_own_tone(client: Any, line: str, words_of_it: str) -> None:
    page = client.get(f"/nl/{line}/").get_data(as_text=True)
    assert words_of_it in page


def long_sentences(catalogue: Catalog, wanted: set[Text]) -> Iterator[str]:
    """More than 20 words from one stop to the next, in either language."""
    for message in messages(catalogue):
        for text in forms(message.id) + forms(message.string):
            for sentence in re.split(r"(?<=[.!?:;])\s", text):
                if len(re.findall(r"\w[\w’'-]*", sentence)) > LONGEST_SENTENCE:
                    yield sentence


Rule = Callable[[Catalog, set[Text]], Iterator[str]]
RULES: list[Rule] = [
    missing,
    fuzzy,
    obsolete,
    placeholders,
    plural_rule,
    english_left,
    other_labels,
    wrong_tone,
    long_sentences,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_dutch_catalogue_keeps_the_rule(rule: Rule) -> None:
    assert sorted(rule(translated("nl"), set(words.extracted()))) == []


def test_the_list_of_equal_words_holds_only_equal_words() -> None:
    catalogue = translated("nl")
    assert {text for text in SAME if (found := catalogue.get(text)) is None or found.string != text} == set()


COUNTED = ("%(num)d text", "%(num)d texts")
# For each rule one message that it must refuse, next to the one that it must accept.
BAD: list[tuple[Rule, Text, Any, Any]] = [
    (missing, "Read", "", "Gelezen"),
    (missing, COUNTED, ("%(num)d bericht", ""), ("%(num)d bericht", "%(num)d berichten")),
    (placeholders, "At %(time)s", "Om %(tijd)s", "Om %(time)s"),
    (placeholders, "{n} left", "nog n", "nog {n}"),
    (placeholders, COUNTED, ("%(num)d bericht", "berichten"), ("%(num)d bericht", "%(num)d berichten")),
    (placeholders, "All of it", "100 %", "Alles"),
    (english_left, "Read", "Read", "Gelezen"),
    (english_left, "Wait for the rest", "Wacht op the rest", "Wacht op de rest"),
    (other_labels, "Press “Send”.", "Druk op “Stuur”.", "Druk op “Versturen”."),
    (long_sentences, "Long", "nog " * 20 + "langer", "nog " * 19 + "langer"),
]


def one(text: Text, string: Any) -> tuple[Catalog, set[Text]]:
    """A catalogue of one message, and of a button that it may name."""
    catalogue = Catalog(locale="nl")
    catalogue.add("Send", "Versturen")
    catalogue.add(text, string)
    return catalogue, {"Send", text}


@pytest.mark.parametrize(("rule", "text", "bad", "good"), BAD)
def test_the_rule_sees_a_bad_message(rule: Rule, text: Text, bad: Any, good: Any) -> None:
    assert list(rule(*one(text, bad)))
    assert not list(rule(*one(text, good)))


def test_a_text_without_entry_is_missing_and_an_entry_without_text_obsolete() -> None:
    catalogue, wanted = one("Read", "Gelezen")
    assert list(missing(catalogue, wanted | {"Later"})) == ["Later"]
    assert list(obsolete(catalogue, {"Read"})) == ["Send"]
    catalogue.obsolete["Old"] = Message("Old", "Oud")
    assert list(obsolete(catalogue, wanted)) == ["Old"]


def test_a_guess_and_a_wrong_plural_rule_are_seen() -> None:
    catalogue, wanted = one("Read", "Gelezen")
    assert not list(fuzzy(catalogue, wanted))
    catalogue.add("Later", "Later", flags={"fuzzy"})
    assert list(fuzzy(catalogue, wanted)) == ["Later"]
    assert not list(plural_rule(catalogue, wanted))
    catalogue._plural_expr = "(n > 1)"
    assert list(plural_rule(catalogue, wanted))


@pytest.mark.parametrize(
    ("string", "who"),
    [
        ("Wat je schrijft", "both"),
        ("Wat je schrijft", "prevention"),
        ("Wat u schrijft", "youth"),
        ("Uw lijst", "console"),
    ],
)
def test_a_wrong_tone_is_heard(string: str, who: str) -> None:
    nothing = Catalog(locale="nl")
    nothing.add("Something else", "Iets anders")
    catalogue, wanted = one("What you write", string)
    assert list(wrong_tone(catalogue, wanted, {"What you write": {who}}, nothing)) == [string]
    right = {"youth": "je", "console": "je", "prevention": "u", "both": "men"}[who]
    catalogue, wanted = one("What you write", f"Wat {right} schrijft")
    assert not list(wrong_tone(catalogue, wanted, {"What you write": {who}}, nothing))


def test_readers_are_told_apart_by_the_branches_of_a_template() -> None:
    young, others = "{{ _('Young') }}{{ _('Each') }}", "{{ _('Old') }}{{ _('Each') }}"
    page = f"{{{{ _('All') }}}}{{% if theme == 'youth' %}}{young}{{% else %}}{others}{{% endif %}}"
    assert words.readers_in(page) == {
        "All": {"both"},
        "Young": {"youth"},
        "Old": {"prevention"},
        "Each": {"youth", "prevention"},
    }


# --- words outside of the catalogues -----------------------------------------------------------------------


def lost(source: str) -> list[str]:
    return words.lost_texts(source, {first(text) for text in words.extracted()})


PLACES: list[tuple[Callable[[str], list[str]], str, str]] = [
    (words.bare_words_in_template, "templates", "*.html"),
    (words.bare_words_in_script, "static/js", "*.js"),
    (words.bare_words_in_form, "helpline", "forms.py"),
    (lost, "helpline", "*.py"),
]


@pytest.mark.parametrize(("look", "folder", "names"), PLACES)
def test_every_visible_word_goes_through_the_catalogues(
    look: Callable[[str], list[str]], folder: str, names: str
) -> None:
    files = sorted((ROOT / folder).rglob(names))
    assert files
    found = {path.relative_to(ROOT).as_posix(): look(path.read_text(encoding="utf-8")) for path in files}
    assert {path: bare for path, bare in found.items() if bare} == {}


@pytest.mark.parametrize(
    ("look", "source"),
    [
        (words.bare_words_in_template, "<p>Send</p>"),
        (words.bare_words_in_template, "<p>{{ _('Send') }} it</p>"),
        (words.bare_words_in_template, "<p>{{ 'Send' }}</p>"),
        (words.bare_words_in_template, "<p>{{ door(url, 'clock', 'we are open') }}</p>"),
        (words.bare_words_in_template, '<button aria-label="Send">{{ icon("x") }}</button>'),
        (words.bare_words_in_template, '<input type="submit" value="Send">'),
        (words.bare_words_in_template, '<textarea placeholder="{{ _("Write") }} here"></textarea>'),
        (words.bare_words_in_template, "<title>Desk · Helpline</title>"),
        (words.bare_words_in_script, "status.textContent = 'sent';"),
        (words.bare_words_in_script, "status.textContent = on ? word('on') : `off ${n}`;"),
        (words.bare_words_in_script, "button.setAttribute('aria-label', 'close');"),
        (words.bare_words_in_script, "show(where, 'Your text is sent');"),
        (words.bare_words_in_form, "field = StringField('Name')"),
        (words.bare_words_in_form, "field = StringField(_l('Name'), [Length(max=9, message='That is too long.')])"),
        (lost, "error = f\"{_('A text inside an f-string')} {n}\""),
        (lost, "error = _(text)"),
    ],
)
def test_a_bare_word_is_seen(look: Callable[[str], list[str]], source: str) -> None:
    assert look(source)


@pytest.mark.parametrize(
    ("look", "source"),
    [
        (
            words.bare_words_in_template,
            "{# A remark. #}<p class='big'>{{ _('Send %(n)s', n=1) }} · <kbd>Alt</kbd> 3</p>",
        ),
        (words.bare_words_in_template, "<title>{{ _('Desk') }} · Helpline</title>"),
        (
            words.bare_words_in_script,
            "// We say it\nfield.textContent = word(`why.${reason}`);\nthrow new Error('Not sent yet');",
        ),
        (words.bare_words_in_form, "'''What visitors write.'''\nfield = StringField(_l('Name'), id='name')"),
    ],
)
def test_what_is_translated_or_unseen_is_no_bare_word(look: Callable[[str], list[str]], source: str) -> None:
    assert look(source) == []


def test_the_site_speaks_dutch(client: Any) -> None:
    page = client.get("/nl/youth/").get_data(as_text=True)
    assert '<html lang="nl"' in page
    assert translated("nl").get("Leave now").string in page
    assert translated("nl").get("Chat with us").string in page
