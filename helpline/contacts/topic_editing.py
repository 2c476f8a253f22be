"""The topics of a line: the first ones from a file, then as supervisors edit them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from helpline.contacts.categories import CODE, RESERVED, BadAnswer, is_code
from helpline.contacts.models import Contact, ContactTopic, Topic
from helpline.content.files import LANGUAGES, read
from helpline.db import reading, transaction
from helpline.lines import service as lines

FIRST = Path(__file__).resolve().parent / "topics"
LONGEST_LABEL = 80
SPACING = 10
# Of a code that is made from words; a number may come behind it.
LONGEST_STEM = 28


class BadTopic(ValueError):
    """A topic can't be added or changed like this; the message says why."""


class TopicInUse(BadTopic):
    """Contacts are counted under this topic, so it can only be retired."""


class TopicExists(BadTopic):
    """The line has a topic of this code already."""


class SameWords(BadTopic):
    """Another topic of the line is called so in these `languages`: nobody could tell the two apart."""

    def __init__(self, languages: list[str]) -> None:
        super().__init__(f"another topic of the line has these words: {', '.join(languages)}")
        self.languages = languages


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid")

    nl: str
    en: str
    chi: str | None = None

    def labels(self) -> dict[str, str]:
        return {"nl": self.nl, "en": self.en}


class _Group(_Words):
    below: dict[str, _Words] = {}


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    topics: dict[str, _Group]


@lru_cache(maxsize=8)
def _first_of(line: str) -> tuple[Topic, ...]:
    path = FIRST / f"{line}.yaml"
    if not path.is_file():
        return ()
    made: list[Topic] = []

    def take(code: str, parent: str | None, words: _Words) -> None:
        position = (len(made) + 1) * SPACING
        made.append(
            Topic(
                line=line,
                code=code,
                parent=parent,
                chi_code=words.chi,
                position=position,
                labels=words.labels(),
                retired=False,
                confirmed=True,
            )
        )

    for code, group in read(path).as_model(_File).topics.items():
        take(code, None, group)
        for below, words in group.below.items():
            take(below, code, words)
    return tuple(made)


def ensure_topics() -> None:
    """Give each line that has no topics yet those of its file."""
    with transaction() as session:
        has = set(session.scalars(select(Topic.line).distinct()))
        for line in lines.all_lines():
            if line.slug not in has:
                session.add_all(Topic(**_facts(topic)) for topic in _first_of(line.slug))


def _facts(topic: Topic) -> dict[str, object]:
    return {column.name: getattr(topic, column.name) for column in Topic.__table__.columns}


def any_topics() -> bool:
    """Whether this installation has topics."""
    with reading() as session:
        return session.scalar(select(Topic.code).limit(1)) is not None


def topics_of(line: str, *, retired: bool = True) -> list[Topic]:
    """The topics of a line as they are offered: each of the first level followed by its own."""
    with reading() as session:
        found = list(session.scalars(select(Topic).where(Topic.line == line).order_by(Topic.position, Topic.code)))
    kept = [topic for topic in found if retired or not topic.retired]
    groups = [topic for topic in kept if topic.parent is None]
    of_retired = {topic.code for topic in found} - {topic.code for topic in kept}
    return [
        one
        for group in groups
        for one in (group, *(below for below in kept if below.parent == group.code))
        if one.parent not in of_retired
    ]


def groups_of(line: str) -> set[str]:
    """The topics that others stand below: counsellors mostly choose one of these, so they say little by themselves."""
    return {topic.parent for topic in topics_of(line) if topic.parent is not None}


def is_used(line: str, code: str) -> bool:
    """Whether a contact, even a test, is counted under this topic."""
    with reading() as session:
        return session.scalar(_using(line, code)) is not None


def _using(line: str, code: str) -> Select[str]:
    used = select(ContactTopic.topic).join(Contact, Contact.key == ContactTopic.contact_key)
    return used.where(Contact.line == line, ContactTopic.topic == code).limit(1)


def chi_codes() -> list[str]:
    """What topics can correspond to at Child Helpline International, as far as our own files name it."""
    return sorted({topic.chi_code for line in lines.all_lines() for topic in _first_of(line.slug) if topic.chi_code})


def free_code(line: str, words: str) -> str:
    """A code for a new topic of this line, made from its words."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    stem = re.sub("[^a-z0-9]+", "_", plain).strip("_")[:LONGEST_STEM].rstrip("_")
    if not is_code(stem):
        stem = re.sub("[^a-z]+", "_", f"topic_{stem}").strip("_")[:LONGEST_STEM].rstrip("_")
    with reading() as session:
        taken = set(session.scalars(select(Topic.code).where(Topic.line == line)))
    return next(code for code in (stem, *(f"{stem}_{number}" for number in range(2, 1000))) if code not in taken)


def check_known(session: Session, line: str, codes: Collection[str]) -> None:
    """Raises BadAnswer for a code that is no topic of the line, also retired; none of them is deleted meanwhile."""
    wanted = select(Topic.code).where(Topic.line == line, Topic.code.in_(codes)).order_by(Topic.code)
    known = set(session.scalars(wanted.with_for_update(read=True, key_share=True)))
    if set(codes) - known:
        raise BadAnswer("topics: there is no such topic on this line")


def add_topic(
    line: str, code: str, labels: Mapping[str, str], *, parent: str | None = None, chi_code: str | None = None
) -> Topic:
    """Add a topic at the end, or at the end of its `parent`, which is of the first level; raises BadTopic."""
    if not CODE.fullmatch(code) or code in RESERVED:
        raise BadTopic("a code is of small letters, digits and _, begins with a letter and is not 'any' or 'total'")
    with transaction() as session:
        if session.get(Topic, (line, code)) is not None:
            raise TopicExists("there is a topic of this code already")
        above = session.get(Topic, (line, parent), with_for_update=True) if parent is not None else None
        if parent is not None and (above is None or above.parent is not None):
            raise BadTopic("a topic stands under one of the first level")
        words = _checked(labels)
        _refuse_same(session, line, code, words)
        last = session.scalar(select(func.max(Topic.position)).where(Topic.line == line)) or 0
        topic = Topic(
            line=line,
            code=code,
            parent=parent,
            chi_code=chi_code,
            retired=False,
            position=last + SPACING,
            labels=words,
            confirmed=True,
        )
        session.add(topic)
        session.flush()
        return topic


def rename_topic(line: str, code: str, labels: Mapping[str, str]) -> None:
    """Give a topic other words; its code, under which contacts are counted, stays. Raises BadTopic."""
    _change(line, code, labels=_checked(labels), confirmed=True)


def change_topic(line: str, code: str, labels: Mapping[str, str], chi_code: str | None) -> None:
    """Other words, and to what of Child Helpline International it corresponds. Raises BadTopic."""
    _change(line, code, labels=_checked(labels), chi_code=chi_code, confirmed=True)


def move_topic(line: str, code: str, *, up: bool) -> None:
    """Let a topic change places with the one before or behind it on its level, if there is one. Raises BadTopic."""
    with transaction() as session:
        # Locked in one order, so that of two who move at once the second sees what the first did.
        wanted = select(Topic).where(Topic.line == line).order_by(Topic.code).with_for_update()
        found = sorted(session.scalars(wanted), key=lambda topic: (topic.position, topic.code))
        moved = next((topic for topic in found if topic.code == code), None)
        if moved is None:
            raise BadTopic("there is no such topic on this line")
        level = [topic for topic in found if topic.parent == moved.parent]
        place = level.index(moved)
        beside = place - 1 if up else place + 1
        if not 0 <= beside < len(level):
            return
        one, other = found.index(moved), found.index(level[beside])
        found[one], found[other] = found[other], found[one]
        moved.confirmed = True
        for number, topic in enumerate(found, start=1):
            topic.position = number * SPACING


def retire_topic(line: str, code: str, retired: bool = True) -> None:
    """No longer offer a topic, nor those below it, or offer it again; what is counted stays so. Raises BadTopic."""
    _change(line, code, retired=retired)


def delete_topic(line: str, code: str) -> None:
    """Delete a topic that was never used and has none below it; raises TopicInUse or BadTopic."""
    with transaction() as session:
        # Locked, so that no contact gets it meanwhile.
        topic = session.get(Topic, (line, code), with_for_update=True)
        if topic is None:
            raise BadTopic("there is no such topic on this line")
        if session.scalar(select(Topic.code).where(Topic.line == line, Topic.parent == code).limit(1)) is not None:
            raise TopicInUse("topics stand below it")
        if session.scalar(_using(line, code)) is not None:
            raise TopicInUse("contacts are counted under it: it can be retired")
        session.execute(delete(Topic).where(Topic.line == line, Topic.code == code))


def _change(line: str, code: str, **values: object) -> None:
    with transaction() as session:
        if isinstance(labels := values.get("labels"), dict):
            _refuse_same(session, line, code, labels)
        changed = update(Topic).where(Topic.line == line, Topic.code == code).values(**values)
        if not session.scalar(changed.returning(Topic.code)):
            raise BadTopic("there is no such topic on this line")


def _refuse_same(session: Session, line: str, code: str, labels: Mapping[str, str]) -> None:
    """Raises SameWords; words that a topic has already are left to it."""
    there = {topic.code: topic.labels for topic in session.scalars(select(Topic).where(Topic.line == line))}
    own = there.pop(code, {})
    same = [
        language
        for language, text in labels.items()
        if text != own.get(language)
        and text.casefold() in {others.get(language, "").casefold() for others in there.values()}
    ]
    if same:
        raise SameWords(same)


def _checked(labels: Mapping[str, str]) -> dict[str, str]:
    words = {language: " ".join(labels.get(language, "").split()) for language in LANGUAGES}
    for language, text in words.items():
        if not 0 < len(text) <= LONGEST_LABEL:
            raise BadTopic(f"{language}: a topic has words in each language, at most {LONGEST_LABEL} characters")
    return words
