"""The visitor's forms."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, Form, RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from helpline.chat.writer import MAX_BODY, storable


def one_line_break(text: str | None) -> str | None:
    """`text` as the page has it: browsers send two characters for each line break of a form."""
    return None if text is None else text.replace("\r\n", "\n")


def can_be_stored(form: Form, field: Field) -> None:
    """Refuses what the writer would refuse, before anything is done for this form."""
    if field.data and not storable(field.data):
        raise ValidationError(_("There is a character in it that can't be sent. Your message is still here."))


class JoinForm(FlaskForm):
    """What a visitor tells before joining the queue."""

    danger = RadioField(
        _l("Is anyone's life in danger now?"),
        choices=[
            SelectChoice("no", _l("No")),
            SelectChoice("yes", _l("Yes")),
            SelectChoice("unsure", _l("I don't know")),
        ],
        validators=[InputRequired(_l("Choose an answer. 'I don't know' is fine too."))],
        validate_choice=True,
    )
    distress = RadioField(
        _l("How bad is it right now?"),
        choices=[
            SelectChoice("1", _l("I can manage")),
            SelectChoice("2", _l("Not good")),
            SelectChoice("3", _l("Bad")),
            SelectChoice("4", _l("Very bad")),
            SelectChoice("5", _l("I can't bear it")),
        ],
        validators=[InputRequired(_l("Choose a number from 1 to 5."))],
        validate_choice=True,
    )
    language = SelectField(_l("Which language do you want to chat in?"), validators=[InputRequired()])
    first_message = TextAreaField(
        _l("What is it about?"),
        filters=[one_line_break],
        validators=[
            Optional(),
            Length(max=MAX_BODY, message=_l("At most 4,000 characters fit. Your message is still here.")),
            can_be_stored,
        ],
    )
    leave_out = BooleanField(_l("No, leave this out"))
    show_summary = BooleanField(_l("The counsellor may read the summary of last time"))
    continues = BooleanField(_l("Go on where we were cut off"))
    end_other = BooleanField(_l("Yes, end the other chat"))


def why_not_along(code: str) -> str:
    """Why what the visitor wants to send along was not taken, in words for the visitor."""
    words: dict[str, str] = {
        "too_long": _("This is too long. At most 4,000 characters fit. It is still here."),
        "invalid": _("There is a character in it that can't be sent. It is still here."),
        "wrong_state": _("This browser has something else open. Nothing has been sent yet."),
        "rate_limited": _("That was very fast. Wait a moment, then send it again. It is still here."),
    }
    return words[code]


def why_not_kept(code: str) -> str:
    """Why nothing was done with a summary or what is kept, in words for the visitor."""
    words: dict[str, str] = {
        "too_long": _("This is too long. At most 1,000 characters fit. It is still here."),
        "invalid": _("There is nothing to save yet. Write something first."),
        "taken": _("Meanwhile there is another version. Read it first. What you wrote is still here."),
        "wrong_state": _("This is not possible any more, or not yet. Nothing was changed."),
        "rate_limited": _("That was very fast. Wait a moment, then try again."),
    }
    return words.get(code) or str(_("We could not save this just now. Try again in a moment."))


def why_refused(code: str) -> str:
    """Why a text was not stored, in words for the visitor."""
    words: dict[str, str] = {
        "too_long": _("Your message is too long. At most 4,000 characters fit. It is still here."),
        "invalid": _("There is nothing to send yet. Write something first."),
        "wrong_state": _("This chat has ended. Your message was not sent."),
        "rate_limited": _("That was very fast. Wait a moment, then send it again. Your message is still here."),
    }
    return words.get(code) or str(
        _("We could not save your message just now. It is still here. Send it again in a moment.")
    )
