"""The form by which staff sign in."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

TOO_LONG = _l("This is too long.")


class SignInForm(FlaskForm):
    """Sign-in name, password and the code of the authenticator app."""

    login = StringField(validators=[InputRequired(_l("Fill in your sign-in name.")), Length(max=64, message=TOO_LONG)])
    password = PasswordField(
        validators=[InputRequired(_l("Fill in your password.")), Length(max=256, message=TOO_LONG)]
    )
    code = StringField(validators=[Length(max=16, message=TOO_LONG)])
