"""The visitor's forms."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from helpline.chat.writer import MAX_BODY


class JoinForm(FlaskForm):
    """What a visitor tells before joining the queue."""

    danger = RadioField(
        _l("Is anyone's life in danger now?"),
        choices=[("no", _l("No")), ("yes", _l("Yes")), ("unsure", _l("I don't know"))],
        validators=[InputRequired(_l("Choose an answer. 'I don't know' is fine too."))],
        validate_choice=True,
    )
    distress = RadioField(
        _l("How bad is it right now?"),
        choices=[
            ("1", _l("I can manage")),
            ("2", _l("Not good")),
            ("3", _l("Bad")),
            ("4", _l("Very bad")),
            ("5", _l("I can't bear it")),
        ],
        validators=[InputRequired(_l("Choose a number from 1 to 5."))],
        validate_choice=True,
    )
    language = SelectField(_l("In which language do you want to chat?"), validators=[InputRequired()])
    first_message = TextAreaField(
        _l("What is it about?"),
        validators=[Optional(), Length(max=MAX_BODY, message=_l("At most 4,000 characters. Your text is still here."))],
    )
    end_other = BooleanField(_l("Yes, end the other conversation"))


def why_refused(code: str) -> str:
    """Why a text was not stored, in words for the visitor."""
    words: dict[str, str] = {
        "too_long": _("Your text is too long. At most 4,000 characters fit. It is still here."),
        "invalid": _("There is nothing to send yet. Write something first."),
        "wrong_state": _("This chat has ended. Your text was not sent."),
        "rate_limited": _("That was very fast. Wait a moment and send it again. Your text is still here."),
    }
    return words.get(code) or str(_("We could not store your text just now. It is still here. Send it again soon."))
