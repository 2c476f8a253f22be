"""A telephone number in a text of staff, on a running server: refused, asked for, allowed, and sent once."""

from __future__ import annotations

from typing import Any

from tests.journeys.house import House, quiet
from tests.journeys.shapes import answered, pushed_wrongly

NUMBER = "Call me on 06-12345678"


def test_from_the_refusal_to_the_text_that_arrives(house: House) -> None:
    anna, ben = house.on_duty("anna"), house.on_phone("ben")
    sam, dora = house.counsellor("sam"), house.counsellor("dora")
    house.tab(sam)
    house.tab(dora)
    visitor, chat = house.talk(anna)

    def ask(who: Any, event: str, **data: Any) -> Any:
        return answered("/console", event, who.wire.call(event, data))

    refused = {"ok": False, "error": "forbidden", "found": ["06-12345678"]}
    assert anna.say(chat, NUMBER, "c1") == refused
    assert anna.say(chat, "One moment") == {"ok": True, "seq": 1}
    asked = ask(anna, "ask", chat=chat, body=NUMBER)["asked"]
    (told,) = ask(sam, "resume")["asked"]
    assert sam.wire.wait_for("asked", asked=asked) == told
    assert (told["answer"], told["body"], told["by"]) == ("open", None, "anna")
    for other, code in ((ben, "forbidden"), (dora, "not_found")):
        for event in ("look", "allow", "refuse"):
            assert other.wire.call(event, {"asked": asked}) == {"ok": False, "error": code}, event
    assert ask(sam, "look", asked=asked)["body"] == NUMBER
    assert anna.say(chat, NUMBER, "c1") == refused
    assert ask(sam, "allow", asked=asked)["answer"] == "allowed"
    assert sam.wire.call("refuse", {"asked": asked}) == {"ok": False, "error": "taken"}
    assert anna.wire.wait_for("asked", answer="allowed")["body"] == NUMBER
    assert [one["body"] for one in ask(anna, "resume")["asked"]] == [NUMBER]
    assert visitor.wire.wait_for("message", seq=1)["body"] == "One moment"
    quiet(visitor.wire, "message", 0.2)
    assert anna.say(chat, NUMBER, "c1") == {"ok": True, "seq": 2}
    assert visitor.wire.wait_for("message", seq=2)["body"] == NUMBER
    assert sam.wire.wait_for("asked", answer="gone")["body"] is None
    assert ask(anna, "resume")["asked"] == []
    for event in ("take_back", "look"):
        assert anna.wire.call(event, {"asked": asked}) == {"ok": False, "error": "not_found"}
    ask(anna, "take_back", asked=ask(anna, "ask", chat=chat, body=NUMBER + "!")["asked"])
    ask(sam, "refuse", asked=ask(anna, "ask", chat=chat, body=NUMBER + "?")["asked"])
    for other in (ben, dora):
        quiet(other.wire, "asked", 0.2)
    for wire in (anna.wire, sam.wire):
        assert pushed_wrongly("/console", wire.log) == []
    assert NUMBER not in str(house.snapshot())
