"""Letters in the hands of somebody who can't answer them any more: nobody waits for who has left."""

from __future__ import annotations

import pytest
from sqlalchemy import delete

from helpline import db
from helpline.letters import service
from helpline.letters.service import NoAccess, NotDone
from helpline.staff import service as staff
from helpline.staff.models import AccountLine, AccountRole
from helpline.staff.service import Member
from tests.builders import a_counsellor, a_supervisor
from tests.letters.writers import Answerer, a_letter, audited

pytestmark = pytest.mark.usefixtures("line")


def loses_the_line(member: Member) -> None:
    with db.transaction() as session:
        session.execute(delete(AccountLine).where(AccountLine.account_id == member.id))


def loses_the_role(member: Member) -> None:
    with db.transaction() as session:
        session.execute(delete(AccountRole).where(AccountRole.account_id == member.id))


def is_disabled(member: Member) -> None:
    staff.disable(member.login)


@pytest.mark.parametrize("leaves", [loses_the_line, loses_the_role, is_disabled])
def test_a_colleague_claims_it_with_its_draft(leaves: object) -> None:
    writer = a_letter()
    anna, ben = Answerer(writer.id).claims(), Answerer(writer.id)
    anna.saves("half of it")
    with pytest.raises(NotDone, match="taken"):
        ben.claims()
    assert [item.left for item in service.inbox(ben.member)] == [False]
    leaves(anna.member)  # type: ignore[operator]  # one of the three above
    assert [item.left for item in service.inbox(ben.member)] == [True]
    ben.claims()
    assert ben.page is not None
    assert (ben.page.draft.body, writer.row.claimed_by, writer.state) == ("half of it", ben.member.id, "claimed")
    assert [item.left for item in service.inbox(ben.member)] == [False]
    assert (ben.member.id, "letter_released") in audited(writer.id)


def test_a_draft_that_was_to_be_read_is_claimed_too() -> None:
    writer = a_letter()
    anna, ben = Answerer(writer.id).claims(), Answerer(writer.id)
    anna.submits("what I leave to you")
    is_disabled(anna.member)
    ben.claims()
    ben.answers("what I leave to you, and more")
    assert writer.state == "answered"


def test_only_who_could_claim_it_does(line: object) -> None:
    writer = a_letter()
    anna = Answerer(writer.id).claims()
    is_disabled(anna.member)
    with pytest.raises(NoAccess, match="forbidden"):
        service.claim(a_counsellor(languages=["en"], on_duty=False), writer.id)
    with pytest.raises(NoAccess, match="not_found"):
        service.claim(a_supervisor(line="prevention"), writer.id)


def test_whom_a_letter_is_with_is_named() -> None:
    writer = a_letter()
    anna = Answerer(writer.id, a_counsellor("anna", on_duty=False)).claims()
    (item,) = service.inbox(a_counsellor(on_duty=False))
    assert item.holder == "anna"
    anna.answers("hello")
    page = service.open_letter(a_supervisor(), writer.id)
    assert [text.by for text in page.texts] == ["", "anna"]
