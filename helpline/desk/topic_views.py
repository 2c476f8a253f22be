"""The topics of a line, for its supervisors: two levels, in their order, in the words of each language."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import Field, Form, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, ValidationError

from helpline import web
from helpline.contacts import categories
from helpline.contacts import service as contacts
from helpline.contacts.service import Topic
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.staff.service import Member
from helpline.stats import service as stats

topics = Blueprint("topics", __name__, url_prefix="/console/topics")
Page = str | Response | tuple[str, int]
UNFIT, IN_USE = 422, 409


def one_line(text: str | None) -> str:
    """`text` with single spaces and none around it."""
    return " ".join((text or "").split())


def has_words(form: Form, field: Field) -> None:
    """Refuses a topic that has no words in one of the languages."""
    if not field.data:
        raise ValidationError(_("Fill in the topic in this language, too."))


def can_be_a_code(form: Form, field: Field) -> None:
    """Refuses what the ledgers would refuse; nothing is fine, for then one is made from the words."""
    if field.data and not categories.is_code(field.data):
        raise ValidationError(
            _("Take small letters, digits and _, a letter first, at most 32. Leave it empty and we make one.")
        )


LABEL = [has_words, Length(max=contacts.LONGEST_LABEL, message=_l("At most 80 characters fit."))]


class WordsForm(FlaskForm):
    """What a topic is called, and what it is to others."""

    en = StringField(_l("In English"), filters=[one_line], validators=LABEL)
    nl = StringField(_l("In Dutch"), filters=[one_line], validators=LABEL)
    chi_code = SelectField(_l("Reason at Child Helpline International"), default="")

    @property
    def labels(self) -> dict[str, str]:
        """The words by language."""
        return {"en": self.en.data or "", "nl": self.nl.data or ""}


class NewTopicForm(WordsForm):
    """A topic that is to be added."""

    parent = SelectField(_l("Where it stands"), default="")
    code = StringField(_l("Code in logs and exports"), filters=[one_line], validators=[can_be_a_code])


def lines_of(member: Member) -> list[Line]:
    """The lines whose topics this member edits: a supervisor's own."""
    if "supervisor" not in member.roles:
        return []
    return [line for line in lines.all_lines() if line.slug in member.lines]


@topics.before_request
def _supervisors_only() -> Page | None:
    if "supervisor" not in current_user.roles:
        refused: Page = web.problem(403, "forbidden", "desk/topics_refused.html", member=current_user)
        return refused
    return None


def _line(slug: str) -> Line:
    return next((line for line in lines_of(current_user) if line.slug == slug), None) or abort(404)


def _topic(line: Line, code: str) -> Topic:
    return next((topic for topic in contacts.topics_of(line.slug) if topic.code == code), None) or abort(404)


def _with_choices(form: WordsForm, line: Line, chi_code: str | None = None) -> WordsForm:
    known = sorted({*contacts.chi_codes(), *([chi_code] if chi_code else [])})
    form.chi_code.choices = [SelectChoice("", _("none")), *(SelectChoice(code, code) for code in known)]
    if isinstance(form, NewTopicForm):
        groups = [topic for topic in contacts.topics_of(line.slug, retired=False) if topic.parent is None]
        form.parent.choices = [
            SelectChoice("", _("On the first level")),
            *(SelectChoice(topic.code, _("Under %(topic)s", topic=_words(topic))) for topic in groups),
        ]
    return form


def _words(topic: Topic) -> str:
    return topic.labels.get(web.language()) or topic.code


@topics.get("/", endpoint="first")
def show_first() -> Page:
    """To the topics of the supervisor's first line."""
    own = lines_of(current_user)
    return redirect(url_for("topics.list", line=own[0].slug), 303) if own else abort(404)


@topics.get("/<line>/", endpoint="list")
def show_list(line: str) -> Page:
    """All topics of a line as they are offered, the retired ones too, and a form for a new one."""
    found = _line(line)
    return _list_page(found, NewTopicForm(formdata=None))


def _list_page(line: Line, form: WordsForm) -> str:
    return render_template(
        "desk/topics.html",
        member=current_user,
        own=lines_of(current_user),
        told_line=line,
        levels=_levels(contacts.topics_of(line.slug)),
        form=_with_choices(form, line),
        words=_words,
        languages=web.LANGUAGES,
    )


def _levels(found: list[Topic]) -> list[tuple[Topic, list[Topic]]]:
    """Each topic of the first level with those below it."""
    below = {topic.code: [one for one in found if one.parent == topic.code] for topic in found if topic.parent is None}
    return [(topic, below[topic.code]) for topic in found if topic.parent is None]


@topics.post("/<line>/", endpoint="add")
def add(line: str) -> Page:
    """Add a topic at the end of its level."""
    found = _line(line)
    form = NewTopicForm()
    _with_choices(form, found)
    if not form.validate():
        return _list_page(found, form), UNFIT
    code = form.code.data or contacts.free_code(found.slug, form.en.data or "")
    try:
        contacts.add_topic(
            found.slug, code, form.labels, parent=form.parent.data or None, chi_code=form.chi_code.data or None
        )
    except contacts.TopicExists:
        form.code.errors = [_("There is a topic of this code already. Take another one.")]
        return _list_page(found, form), UNFIT
    return _to_list(found, code)


def _to_list(line: Line, code: str | None = None) -> Response:
    return redirect(url_for("topics.list", line=line.slug, _anchor=f"topic-{code}" if code else None), 303)


@topics.get("/<line>/<code>/", endpoint="topic")
def show_topic(line: str, code: str) -> Page:
    """One topic: its words, whether it is offered, and the end of it."""
    found = _line(line)
    topic = _topic(found, code)
    data = {**topic.labels, "chi_code": topic.chi_code or ""}
    return _topic_page(found, topic, WordsForm(formdata=None, data=data))


def _topic_page(line: Line, topic: Topic, form: WordsForm, refused: bool = False) -> str:
    every = contacts.topics_of(line.slug)
    return render_template(
        "desk/topics_one.html",
        member=current_user,
        told_line=line,
        topic=topic,
        form=_with_choices(form, line, topic.chi_code),
        words=_words,
        below=[one for one in every if one.parent == topic.code],
        parent=next((one for one in every if one.code == topic.parent), None),
        is_used=contacts.is_used(line.slug, topic.code),
        is_told=topic.code in stats.topics_told(line.slug),
        refused=refused,
    )


@topics.post("/<line>/<code>/", endpoint="rename")
def rename(line: str, code: str) -> Page:
    """Give a topic other words; what is counted under its code stays."""
    found = _line(line)
    topic = _topic(found, code)
    form = WordsForm()
    _with_choices(form, found, topic.chi_code)
    if not form.validate():
        return _topic_page(found, topic, form), UNFIT
    contacts.change_topic(found.slug, code, form.labels, form.chi_code.data or None)
    return _to_list(found, code)


@topics.post("/<line>/<code>/move", endpoint="move")
def move(line: str, code: str) -> Page:
    """One place `up` or `down` on its level."""
    found = _line(line)
    topic = _topic(found, code)
    contacts.move_topic(found.slug, topic.code, up=request.form.get("to") == "up")
    return _to_list(found, code)


@topics.post("/<line>/<code>/retire", endpoint="retire")
def retire(line: str, code: str) -> Page:
    """No longer offer a topic, or with `back` offer it again."""
    found = _line(line)
    topic = _topic(found, code)
    contacts.retire_topic(found.slug, topic.code, request.form.get("back") is None)
    return _to_list(found, code)


@topics.post("/<line>/<code>/delete", endpoint="delete")
def delete(line: str, code: str) -> Page:
    """Delete a topic that was never used, and that no release names."""
    found = _line(line)
    topic = _topic(found, code)
    try:
        if topic.code in stats.topics_told(found.slug):
            raise contacts.TopicInUse
        contacts.delete_topic(found.slug, topic.code)
    except contacts.TopicInUse:
        data = {**topic.labels, "chi_code": topic.chi_code or ""}
        return _topic_page(found, topic, WordsForm(formdata=None, data=data), refused=True), IN_USE
    return _to_list(found, topic.parent)
