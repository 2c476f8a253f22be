"""Help entries and limits: what ships is complete and plain, what an organisation writes read with care."""

import os
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from helpline import clock
from helpline.content.files import ContentError
from helpline.lines import texts
from helpline.lines.texts import load_help, load_limits, warnings

LINES = ("youth", "prevention")
LONGEST_SENTENCE = 20

ENTRY = """\
{key}:
  name: {{en: Somewhere, nl: Ergens}}
  what: {{en: They help., nl: Zij helpen.}}
  phone: "{phone}"
  lines: [youth]
  verified: {verified}
"""

LIMITS = "---\ndate: 2026-03-01\nreviewed: true\n---\nWe keep **little**.\n"


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    for name in ("help", "limits"):
        (tmp_path / name).mkdir()
    return tmp_path


def own_help(instance: Path, text: str) -> Path:
    path = instance / "help" / "nl.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def own_limits(instance: Path, text: str, name: str = "nl-youth.en") -> Path:
    path = instance / "limits" / f"{name}.md"
    path.write_text(text, encoding="utf-8")
    return path


def sentences(text: str) -> list[str]:
    plain = re.sub(r"<[^>]+>", "\n", text)
    return [part for part in re.split(r"(?<=[.?!:])\s|\n", plain) if part.strip()]


# What ships


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_every_packaged_entry_reads_well_in_each_language(lang):
    entries = load_help("nl", lang)
    assert {"emergency", "crisis", "safe_home", "police", "hotline", "take_it_down"} <= set(entries)
    for entry in entries.values():
        assert entry.what.endswith("."), entry.key
        assert len(entry.what.split()) <= LONGEST_SENTENCE, entry.key
        assert set(entry.lines) <= set(LINES), entry.key


def test_the_emergency_number_and_the_crisis_line_are_right_and_shown_on_both_lines():
    for line in LINES:
        entries = load_help("nl", "nl", line=line)
        assert entries["emergency"].phone == "112"
        assert entries["crisis"].phone == "113"


def test_a_line_shows_only_its_own_entries():
    assert "take_it_down" in load_help("nl", "nl", line="youth")
    assert "take_it_down" not in load_help("nl", "nl", line="prevention")


@pytest.mark.parametrize("country", texts.countries(None))
def test_whoever_is_said_u_to_reads_no_je_in_an_entry(country):
    for entry in load_help(country, "nl", line="prevention").values():
        assert not re.search(r"\b(je|jij|jou|jouw)\b", f"{entry.name} {entry.what}"), entry.key


def test_nothing_claims_to_be_verified_that_nobody_verified():
    assert all(entry.verified is None for entry in load_help("nl", "en").values())


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_the_packaged_limits_are_short_plain_and_not_yet_reviewed(line, lang):
    limits = load_limits("nl", line, lang, None)
    assert limits.reviewed is False
    words = re.sub(r"<[^>]+>", " ", limits.html).split()
    assert 120 <= len(words) <= 200
    for sentence in sentences(limits.html):
        assert len(sentence.split()) <= LONGEST_SENTENCE, sentence


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_the_limits_name_no_number_and_no_other_line(line, lang):
    """Numbers belong to the help file, retention to the line's settings; a line never mentions the other."""
    html = load_limits("nl", line, lang, None).html
    assert not re.search(r"\d", html)
    (other,) = set(LINES) - {line}
    assert other not in html.lower()


@pytest.mark.parametrize(
    ("lang", "words"),
    [("en", "who or where you are"), ("nl", "wie of waar"), ("en", "only send help if you tell us")],
)
@pytest.mark.parametrize("line", LINES)
def test_the_limits_say_that_help_can_only_be_sent_when_told_where(line, lang, words):
    assert words in load_limits("nl", line, lang, None).html


def test_dutch_says_je_to_the_young_and_u_to_the_others():
    youth = load_limits("nl", "youth", "nl", None).html
    prevention = load_limits("nl", "prevention", "nl", None).html
    assert re.search(r"\bje\b", youth)
    assert not re.search(r"\bu\b", youth)
    assert re.search(r"\bu\b", prevention)
    assert not re.search(r"\b(je|jij|jou)\b", prevention)


# What an organisation writes


def test_the_organisations_limits_replace_the_packaged_ones(instance):
    path = own_limits(instance, LIMITS)
    limits = load_limits("nl", "youth", "en", instance)
    assert limits.html == "<p>We keep <strong>little</strong>.</p>\n"
    assert (limits.date, limits.reviewed, limits.source_path) == (date(2026, 3, 1), True, path)
    assert load_limits("nl", "youth", "nl", instance).source_path.parent == texts.PACKAGED / "limits"


def test_changed_limits_are_read_again_and_removed_ones_fall_back(instance):
    path = own_limits(instance, LIMITS)
    assert "little" in load_limits("nl", "youth", "en", instance).html
    path.write_text(LIMITS.replace("little", "nothing"), encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert "nothing" in load_limits("nl", "youth", "en", instance).html
    path.unlink()
    assert load_limits("nl", "youth", "en", instance).source_path.parent == texts.PACKAGED / "limits"


def test_unchanged_limits_are_not_read_twice(instance):
    own_limits(instance, LIMITS)
    assert load_limits("nl", "youth", "en", instance) is load_limits("nl", "youth", "en", instance)


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "[a](javascript:alert(1))",
        "[a](data:text/html,x)",
        "![a](https://elsewhere.example/pixel.png)",
        "[a](http://plain.example/)",
        '<a href="https://elsewhere.example" style="x">a</a>',
    ],
)
def test_limits_carry_no_markup_that_runs_or_calls_another_site(instance, attack):
    own_limits(instance, LIMITS + "\n" + attack + "\n")
    html = load_limits("nl", "youth", "en", instance).html
    assert not re.search(r"<(script|img|a)\b[^>]*(src|href|on\w+|style)", html)
    assert "<script" not in html


def test_a_link_to_a_safe_address_stays(instance):
    own_limits(instance, LIMITS + "\n[law](https://example.org/law)\n")
    assert 'href="https://example.org/law"' in load_limits("nl", "youth", "en", instance).html


@pytest.mark.parametrize(
    ("text", "line", "about"),
    [
        ("Just text.\n", 1, "---"),
        ("---\ndate: 2026-03-01\nreviewed: true\nBody without an end.\n", 1, "---"),
        ("---\ndate: yesterday\nreviewed: true\n---\nText.\n", 2, "date"),
        ("---\ndate: 2026-03-01\nreviewed: perhaps\n---\nText.\n", 3, "reviewed"),
        ("---\ndate: 2026-03-01\n---\nText.\n", 2, "reviewed"),
        ("---\ndate: 2026-03-01\nreviewed: true\nby: me\n---\nText.\n", 4, "by"),
        ("---\ndate: 2026-03-01\nreviewed: [true\n---\nText.\n", 4, "expected"),
        ("---\ndate: 2026-03-01\nreviewed: true\n---\n\n", 5, "missing"),
    ],
)
def test_broken_limits_are_refused_with_file_and_line(instance, text, line, about):
    path = own_limits(instance, text)
    with pytest.raises(ContentError) as caught:
        load_limits("nl", "youth", "en", instance)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert about in str(caught.value)
    assert "\n" not in str(caught.value)


def test_limits_in_a_language_that_nobody_wrote_are_an_error_not_another_language():
    with pytest.raises(ContentError, match=re.escape("nl-youth.fr.md")):
        load_limits("nl", "youth", "fr", None)


@pytest.mark.parametrize("line", ["../youth", "youth/..", "..", ""])
def test_a_name_from_outside_never_leads_out_of_the_folder(instance, line):
    with pytest.raises(ContentError):
        load_limits("nl", line, "en", instance)


def test_the_organisations_entry_replaces_one_entry_and_leaves_the_rest(instance):
    own_help(instance, ENTRY.format(key="child_helpline", phone="0800-1", verified="2026-03-01"))
    entries = load_help("nl", "en", instance, line="youth")
    assert entries["child_helpline"].phone == "0800-1"
    assert entries["child_helpline"].verified == date(2026, 3, 1)
    assert entries["emergency"].phone == "112"


def test_an_entry_can_be_hidden_but_the_emergency_number_can_not(instance):
    hidden = "".join(ENTRY.format(key=key, phone="1", verified="unverified") for key in ("emergency", "halt"))
    own_help(instance, hidden.replace("lines: [youth]", "lines: []"))
    entries = load_help("nl", "en", instance, line="youth")
    assert "halt" not in entries
    assert "emergency" in entries


GOOD = ENTRY.format(key="child_helpline", phone="0800-1", verified="unverified")


@pytest.mark.parametrize(
    ("text", "line", "about"),
    [
        (GOOD.replace(", nl: Ergens", ""), 2, "nl"),
        (GOOD.replace("They help.", "''"), 3, "what.en"),
        (GOOD.replace("0800-1", "call us"), 4, "phone"),
        (GOOD.replace('  phone: "0800-1"\n', ""), 1, "phone or a url"),
        (GOOD.replace('  phone: "0800-1"\n', "  url: http://plain.example/\n"), 4, "url"),
        (GOOD.replace("[youth]", "[You th]"), 5, "lines"),
        (GOOD.replace("unverified", "2026-13-01"), 6, "verified"),
        (GOOD.replace("unverified", "soon"), 6, "verified"),
        (GOOD + "  email: a@b.example\n", 7, "email"),
        (GOOD + GOOD, 7, "twice"),
        (GOOD + "  name: {en: A, nl: B}\n", 7, "twice"),
        ("- a list\n", 1, "key: value"),
        ("child_helpline: {\n", 2, "expected"),
        ("child_helpline:\n", 1, "child_helpline"),
    ],
)
def test_a_broken_entry_is_refused_with_file_and_line(instance, text, line, about):
    path = own_help(instance, text)
    with pytest.raises(ContentError) as caught:
        load_help("nl", "en", instance, line="youth")
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert about in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_is_refused_by_name(instance):
    path = instance / "limits" / "nl-youth.en.md"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ContentError, match=re.escape(str(path))):
        load_limits("nl", "youth", "en", instance)


def test_a_country_without_an_emergency_number_is_refused(instance):
    (instance / "help" / "xx.yaml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(ContentError, match="emergency or crisis"):
        load_help("xx", "en", instance)


def test_a_language_without_help_texts_is_refused():
    with pytest.raises(ContentError, match="'fr'"):
        load_help("nl", "fr")


# What the administrator should still do


def at(monkeypatch, day: date) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


def test_fresh_texts_ask_for_a_review_and_for_verification():
    found = warnings("nl", LINES, None)
    for line in LINES:
        for lang in texts.LANGUAGES:
            assert any("not reviewed" in text and f"nl-{line}.{lang}.md" in text for text in found)
    (never,) = (text for text in found if "never verified" in text)
    assert "emergency" in never


def test_reviewed_limits_and_verified_entries_ask_for_nothing(instance, monkeypatch):
    at(monkeypatch, date(2026, 3, 2))
    packaged = yaml.safe_load((texts.PACKAGED / "help" / "nl.yaml").read_text(encoding="utf-8"))
    own_help(instance, "".join(ENTRY.format(key=key, phone="1", verified="2026-03-01") for key in packaged))
    for lang in texts.LANGUAGES:
        own_limits(instance, LIMITS, f"nl-youth.{lang}")
    assert warnings("nl", ["youth"], instance) == []


def test_an_entry_that_was_verified_long_ago_asks_again(instance, monkeypatch):
    own_help(instance, ENTRY.format(key="child_helpline", phone="1", verified="2026-03-01"))
    at(monkeypatch, date(2027, 3, 1))
    assert not any("12 months" in text for text in warnings("nl", ["youth"], instance))
    at(monkeypatch, date(2027, 3, 2))
    (old,) = (text for text in warnings("nl", ["youth"], instance) if "12 months" in text)
    assert "child_helpline (2026-03-01)" in old
