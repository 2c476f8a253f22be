"""What staff wrote on a letter comes back with every no, and no letter stays in hands that can't let go of it."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from helpline import config, db
from helpline.letters.models import Letter
from helpline.staff import service as staff
from helpline.staff.models import Account, AccountLine, AccountRole
from tests.desk.test_letters import ROOT, TEXT, anna, boss, read, send, writer
from tests.house.test_routes import wrong_with
from tests.letters.writers import Writer
from tests.postgres import sqlite_only
from tests.web.pages import Page

pytestmark = sqlite_only
__all__ = ["anna", "boss", "writer"]


def account_of(login: str) -> str:
    with db.reading() as session:
        return session.scalars(select(Account.id).where(Account.login == login)).one()


def claimed(client: FlaskClient, writer: Writer) -> tuple[str, dict[str, str]]:
    """The address of a letter that this browser has claimed, and its form."""
    page = f"{ROOT}{writer.id}/"
    send(client, page, "claim")
    return page, Page(read(client, page)).form("write").fields


@pytest.mark.parametrize("model", [AccountLine, AccountRole])
def test_whose_line_or_role_ends_over_a_letter_gets_the_text_back(
    anna: FlaskClient, writer: Writer, model: type[AccountLine] | type[AccountRole]
) -> None:
    page, form = claimed(anna, writer)
    with db.transaction() as session:
        session.execute(delete(model).where(model.account_id == account_of("the-counsellor")))
    staff.remembered.forget()
    for deed in ("save", "send", "submit"):
        answer = anna.post(f"{page}write", data=form | {"body": TEXT, "deed": deed})
        assert (answer.status_code in (403, 404), TEXT in answer.text, wrong_with(answer, page)) == (True, True, [])
    assert TEXT in anna.post(f"{page}check", data=form | {"remark": TEXT, "deed": "send_back"}).text


def test_who_is_signed_out_over_a_letter_gets_the_text_back(anna: FlaskClient, writer: Writer) -> None:
    page, form = claimed(anna, writer)
    staff.disable("the-counsellor")
    answer = anna.post(f"{page}write", data=form | {"body": TEXT, "deed": "save"})
    assert (answer.status_code, TEXT in answer.text, wrong_with(answer, page)) == (401, True, [])
    assert "I have told" not in answer.text
    answer = anna.post(
        f"{page}write", data=form | {"body": TEXT, "deed": "save"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert (answer.status_code, TEXT in answer.text) == (303, False)
    assert anna.post(f"{page}claim", data=form).status_code == 303


def test_a_letter_that_nobody_can_read_any_more_is_given_back_or_closed(
    anna: FlaskClient, writer: Writer, settings: config.Settings
) -> None:
    page, _ = claimed(anna, writer)
    for key in (settings.instance_dir / "keyring").glob("*.key"):
        key.unlink()
    answer = anna.get(page)
    assert (answer.status_code, wrong_with(answer, page)) == (409, [])
    form = Page(answer.text).form("/close")
    assert anna.post(form.action, data=form.fields).status_code == 303
    assert writer.state == "closed"


def test_a_supervisor_gives_back_what_somebody_has_without_reading_it(
    anna: FlaskClient, boss: FlaskClient, writer: Writer
) -> None:
    claimed(anna, writer)
    with db.transaction() as session:
        session.execute(update(Letter).values(due_at=writer.row.waiting_since))
    inbox = Page(read(boss))
    form = inbox.form(f"{writer.id}/release")
    assert boss.post(form.action, data=form.fields).status_code == 303
    assert writer.state == "waiting"
    claimed(anna, writer)
    assert boss.post(form.action, data=form.fields | {"holder": "another"}).status_code == 409
    assert writer.state == "claimed"
    assert not [form for form in Page(read(anna)).forms if form.action.endswith("release")]
