"""What the page of a code says before another chat of this browser ends for it."""

from __future__ import annotations

from helpline.staff.service import Member
from tests.web.conftest import House
from tests.web.test_kept import Comer, a_talk
from tests.web.test_kept import anna as anna
from tests.web.test_kept import comer as comer
from tests.web.test_kept import quick_codes as quick_codes

WARNS = "The chat that is open in this browser now ends then."


def test_going_on_says_that_the_chat_of_this_browser_ends(house: House, comer: Comer, anna: Member) -> None:
    a_talk(house, comer.tab, anna)
    assert comer.sends(f"{comer.room}summary", "room/agree") == f"{comer.room}summary"
    code = comer.keeps()
    back = Comer(house.tab())
    back.enters(code)
    assert ("Go on with the chat" in back.words(), WARNS in back.words()) == (True, False)
    back.tab.join()
    assert ("Go on with the chat" in back.words(), WARNS in back.words()) == (True, True)
    assert WARNS not in comer.words()
