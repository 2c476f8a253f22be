"""What was agreed on is kept in the visit, then under a code; back with it anywhere; closing, erasing, expiring."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpline import clock, config, install, retention
from helpline.chat import agreeing, continuing, service
from helpline.chat.access import NoAccess
from helpline.chat.items import Refused
from helpline.db import transaction
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.privacy import codes, sessions
from helpline.staff.service import Member
from helpline.summaries import service as summaries
from helpline.summaries.models import KeptSummaries
from helpline.summaries.record import MOST
from tests.builders import StoppedClock, a_chat, a_counsellor
from tests.summaries.people import (
    WORDS,
    a_code,
    agree_on,
    content,
    ends,
    enters,
    keeps,
    kept,
    row_of,
    rows,
    shown,
    takes_a_code,
    texts,
)


def test_what_both_agreed_on_waits_in_the_visit_and_then_lies_under_the_code(line: Line, anna: Member) -> None:
    visit = a_chat(held_by=anna)
    agree_on(visit, anna)
    assert keeps(visit) is False
    now = kept(visit.cookie, line)
    assert (texts(visit.cookie, line), now.has_code, now.kept_until, rows()) == ([WORDS], False, None, [])
    assert now.gone_at == sessions.idle_until(clock.now())
    assert shown(visit)["body"] == WORDS, "nobody has a code yet"
    takes_a_code(visit.cookie, line)
    now = kept(visit.cookie, line)
    assert (texts(visit.cookie, line), now.has_code, now.gone_at, len(rows())) == ([WORDS], True, None, 1)
    assert (shown(visit)["body"], shown(visit)["kept"]) == (None, True)
    row = row_of(visit)
    assert row is not None
    assert row.sealed is None
    assert keeps(visit) is True, "the same form sent again"
    assert texts(visit.cookie, line) == [WORDS]


def test_only_what_both_agreed_on_is_kept(line: Line, anna: Member) -> None:
    visit = a_chat(held_by=anna)
    for deed in (
        lambda: None,
        lambda: agreeing.staff_saves(anna, visit.chat, 0, WORDS),
        lambda: agreeing.visitor_saves(visit.visitor, 1, "in other words"),
    ):
        deed()
        with pytest.raises(Refused, match="wrong_state"):
            keeps(visit)
    assert summaries.visit_of(visit.cookie, line) is None
    agreeing.staff_agrees(anna, visit.chat, 2)
    keeps(visit)
    assert texts(visit.cookie, line) == ["in other words"]


def test_until_the_visitor_can_no_longer_read_the_chat_it_can_be_kept(
    line: Line, anna: Member, time: StoppedClock
) -> None:
    visit = a_chat(held_by=anna)
    agreeing.staff_saves(anna, visit.chat, 0, WORDS)
    ends(anna, visit)
    time.turn(minutes=10)
    agreeing.visitor_agrees(visit.visitor, 1)
    assert keeps(visit) is False
    time.turn(seconds=1)
    with pytest.raises(NoAccess, match="not_found"):
        keeps(visit)
    takes_a_code(visit.cookie, line)
    assert texts(visit.cookie, line) == [WORDS]


def test_written_on_after_it_was_kept_there_is_one_summary_of_a_chat(line: Line, anna: Member) -> None:
    code, visit = a_code(member=anna)
    assert agree_on(visit, anna, "and one more thing") == 2
    assert texts(visit.cookie, line) == [WORDS], "not kept yet"
    assert keeps(visit) is True
    assert texts(visit.cookie, line) == ["and one more thing"]
    assert shown(visit)["kept"]
    assert texts(enters(code, line) or "", line) == ["and one more thing"]


def test_a_version_that_was_written_between_keeping_and_the_code_stays(line: Line, anna: Member) -> None:
    visit = a_chat(held_by=anna)
    agree_on(visit, anna)
    keeps(visit)
    agree_on(visit, anna, "a newer one")
    takes_a_code(visit.cookie, line)
    assert (texts(visit.cookie, line), shown(visit)["body"]) == ([WORDS], "a newer one")
    assert not shown(visit)["kept"]


def test_the_same_words_anew_stay_until_both_have_agreed_again(line: Line, anna: Member) -> None:
    visit = a_chat(held_by=anna)
    agree_on(visit, anna)
    keeps(visit)
    version = agreeing.visitor_saves(visit.visitor, 1, "other words")
    agreeing.staff_saves(anna, visit.chat, version, WORDS)
    takes_a_code(visit.cookie, line)
    assert (texts(visit.cookie, line), shown(visit)["body"], shown(visit)["kept"]) == ([WORDS], WORDS, False)


def test_the_last_ten_summaries_lie_under_one_code(line: Line, anna: Member) -> None:
    code, visit = a_code("chat 0", anna)
    ends(anna, visit)
    for number in range(1, MOST + 2):
        visit = a_chat(held_by=anna, cookie=visit.cookie)
        agree_on(visit, anna, f"chat {number}")
        assert keeps(visit) is True
        ends(anna, visit)
    wanted = [f"chat {number}" for number in range(MOST + 1, 1, -1)]
    assert texts(visit.cookie, line) == texts(enters(code, line) or "", line) == wanted
    assert len(rows()) == 1


def test_back_on_another_device_with_the_code(line: Line, anna: Member, time: StoppedClock) -> None:
    code, _ = a_code(member=anna)
    time.turn(days=200)
    back = enters(code, line)
    assert back is not None
    assert texts(back, line) == [WORDS]
    assert kept(back, line).summaries[0].day == (time.moment - timedelta(days=200)).date()
    assert enters("7777-7777-7777-7777", line) is None
    assert enters(code, lines.get_line("prevention")) is None, "lines apart"


def test_what_the_visit_held_before_is_joined_to_what_the_code_keeps(line: Line, anna: Member) -> None:
    code, first = a_code("first", anna)
    ends(anna, first)
    visit = a_chat(held_by=anna)
    agree_on(visit, anna, "second")
    keeps(visit)
    assert enters(code, line, visit.cookie)
    assert texts(visit.cookie, line) == ["second", "first"]
    assert shown(visit)["kept"]
    assert texts(enters(code, line) or "", line) == ["second", "first"]


def test_another_code_takes_the_place_of_the_first_one_and_mixes_nothing(line: Line, anna: Member) -> None:
    one, first = a_code("of the one", anna)
    other, second = a_code("of the other", anna)
    assert enters(other, line, first.cookie)
    assert texts(first.cookie, line) == ["of the other"]
    assert texts(enters(one, line) or "", line) == ["of the one"]
    assert second.cookie != first.cookie


def test_the_code_is_one_until_it_is_confirmed_and_then_none(line: Line, anna: Member) -> None:
    visit = a_chat(held_by=anna)
    assert summaries.make_code(visit.cookie, line) is None, "nothing is kept"
    keeps(visit, summary=False)
    code = summaries.make_code(visit.cookie, line)
    assert code is not None
    assert summaries.make_code(visit.cookie, line) == summaries.pending_code(visit.cookie, line) == code
    assert enters(code, line) is None, "it keeps nothing yet"
    for typed in ("", "no code", "7777-7777-7777-7777"):
        assert not continuing.confirm_code(visit.cookie, line, typed)
    for _ in range(2):
        assert continuing.confirm_code(visit.cookie, line, code)
    assert summaries.make_code(visit.cookie, line) is summaries.pending_code(visit.cookie, line) is None
    assert not continuing.confirm_code(visit.cookie, line, "7777-7777-7777-7777")
    assert code not in str(content(visit.cookie))
    assert enters(code, line) is not None


def test_rather_no_code(line: Line, anna: Member) -> None:
    visit = a_chat(held_by=anna)
    keeps(visit, summary=False)
    first = summaries.make_code(visit.cookie, line)
    summaries.forget_code(visit.cookie, line)
    summaries.forget_code(visit.cookie, line)
    assert kept(visit.cookie, line).pending_code is False
    assert summaries.make_code(visit.cookie, line) != first


def test_only_the_chat_of_this_browser_can_be_kept(line: Line, anna: Member) -> None:
    mine, others = a_chat(held_by=anna), a_chat(held_by=anna)
    agree_on(others, anna)
    with pytest.raises(NoAccess):
        continuing.keep(mine.cookie, line, others.visitor, summary=True)
    with pytest.raises(NoAccess):
        continuing.keep(sessions.new_cookie(), line, others.visitor, summary=True)
    with pytest.raises(summaries.BoundElsewhere):
        continuing.keep(others.cookie, lines.get_line("prevention"), others.visitor, summary=True)
    assert rows() == []


# Going


def test_closing_forgets_here_and_keeps_under_the_code(line: Line, anna: Member) -> None:
    code, visit = a_code(member=anna)
    summaries.close(visit.cookie, line)
    assert summaries.visit_of(visit.cookie, line) is None
    assert content(visit.cookie)["chat"] == visit.chat, "the chat goes on"
    assert texts(enters(code, line) or "", line) == [WORDS]
    summaries.close(sessions.new_cookie(), line)


def test_erased_it_is_gone_everywhere_and_the_code_opens_nothing(line: Line, anna: Member) -> None:
    code, visit = a_code(member=anna)
    other = enters(code, line)
    assert other is not None
    assert summaries.erase(visit.cookie, line) is True
    assert (rows(), summaries.visit_of(visit.cookie, line), enters(code, line)) == ([], None, None)
    with pytest.raises(summaries.Gone):
        summaries.visit_of(other, line)
    assert summaries.erase(other, line) is False
    assert summaries.visit_of(other, line) is None
    assert summaries.erase(other, line) is False


def test_nothing_else_is_closed_or_erased_than_the_page_showed(line: Line, anna: Member) -> None:
    code, visit = a_code(member=anna)
    had = kept(visit.cookie, line).mark
    other, _ = a_code("another", anna)
    assert enters(other, line, visit.cookie)
    for deed in (summaries.close, summaries.erase):
        with pytest.raises(summaries.Changed):
            deed(visit.cookie, line, had)
    assert len(rows()) == 2
    assert summaries.erase(visit.cookie, line, kept(visit.cookie, line).mark)
    assert texts(enters(code, line) or "", line) == [WORDS]


def test_after_an_erasure_elsewhere_the_next_summary_is_kept_anew(line: Line, anna: Member) -> None:
    code, visit = a_code(member=anna)
    other = enters(code, line)
    assert other is not None
    summaries.erase(other, line)
    agree_on(visit, anna, "once more")
    assert keeps(visit) is False
    assert (texts(visit.cookie, line), kept(visit.cookie, line).has_code) == (["once more"], False)
    assert takes_a_code(visit.cookie, line) != code


def test_each_visit_lets_the_time_begin_again_and_at_its_end_it_is_gone(
    line: Line, anna: Member, time: StoppedClock
) -> None:
    code, visit = a_code(member=anna)
    assert rows()[0].expires_on == (time.moment + timedelta(days=365)).date()
    time.turn(days=365)
    back = enters(code, line)
    assert back is not None
    assert kept(back, line).kept_until == (time.moment + timedelta(days=365)).date()
    time.turn(days=365)
    assert retention.purge(time.moment)["summaries"] == 0
    time.turn(days=1)
    assert enters(code, line) is None, "its time is over before anybody has purged"
    assert retention.purge(time.moment)["summaries"] == 1
    assert rows() == []
    assert visit.chat


def test_a_line_may_keep_it_shorter(anna: Member, time: StoppedClock) -> None:
    lines.change_line("youth", {"summary_retention_days": 30})
    a_code(member=anna)
    assert rows()[0].expires_on == (time.moment + timedelta(days=30)).date()


def test_reading_on_a_later_day_keeps_it_longer(line: Line, anna: Member, time: StoppedClock) -> None:
    code, _ = a_code(member=anna)
    back = enters(code, line)
    assert back is not None
    before = rows()[0].expires_on
    for _ in range(13):
        time.turn(hours=1, minutes=55)
        kept(back, line)
    assert rows()[0].expires_on > before


# The end of a visit


def test_with_the_session_goes_what_has_no_code(line: Line, anna: Member, time: StoppedClock) -> None:
    visit = a_chat(held_by=anna)
    agree_on(visit, anna)
    keeps(visit)
    code = summaries.make_code(visit.cookie, line)
    assert code is not None
    time.turn(hours=2, minutes=2)
    assert summaries.visit_of(visit.cookie, line) is None
    assert not continuing.confirm_code(visit.cookie, line, code)
    assert (rows(), enters(code, line)) == ([], None)


def test_a_quick_exit_leaves_what_lies_under_a_code_and_nothing_else(line: Line, anna: Member) -> None:
    code, visit = a_code(member=anna)
    waiting = a_chat(held_by=a_counsellor())
    keeps(waiting, summary=False)
    pending = summaries.make_code(waiting.cookie, line)
    for left in (visit, waiting):
        sessions.leave(sessions.key_of(left.cookie), clock.now())
        service.quick_exit(left.cookie)
        with pytest.raises(NoAccess):
            keeps(left, summary=False)
        for deed in (
            lambda left=left: summaries.make_code(left.cookie, line),
            lambda left=left: summaries.close(left.cookie, line),
            lambda left=left: enters(code, line, left.cookie),
        ):
            with pytest.raises(sessions.Left):
                deed()
    assert not continuing.confirm_code(waiting.cookie, line, pending or "")
    assert texts(enters(code, line) or "", line) == [WORDS]


def test_on_another_line_nothing_of_it_is_there(line: Line, anna: Member) -> None:
    code, visit = a_code(member=anna)
    prevention = lines.get_line("prevention")
    for deed in (
        lambda: summaries.visit_of(visit.cookie, prevention),
        lambda: summaries.make_code(visit.cookie, prevention),
        lambda: summaries.erase(visit.cookie, prevention),
        lambda: continuing.go_on(visit.cookie, prevention),
        lambda: continuing.show(visit.cookie, prevention),
    ):
        with pytest.raises(summaries.BoundElsewhere):
            deed()
    a_chat("prevention", cookie=visit.cookie)
    assert "summary" not in content(visit.cookie)
    assert texts(enters(code, line) or "", line) == [WORDS]


def test_what_nobody_can_read_any_more_keeps_nobody_from_keeping_anew(line: Line, anna: Member) -> None:
    code, visit = a_code(member=anna)
    with transaction() as session:
        for row in session.query(KeptSummaries):
            row.sealed = b"damaged" * 100
    with pytest.raises(codes.Tampered):
        summaries.visit_of(visit.cookie, line)
    with pytest.raises(codes.Tampered):
        enters(code, line)
    assert summaries.newest(content(visit.cookie), line, clock.now()) is None
    agree_on(visit, anna, "anew")
    assert keeps(visit) is False
    assert texts(visit.cookie, line) == ["anew"]


def test_without_the_salt_of_the_codes_it_does_not_start(settings: config.Settings, line: Line, anna: Member) -> None:
    from helpline.privacy.keyring import secret

    (settings.instance_dir / "secrets").mkdir(exist_ok=True)
    salt = settings.instance_dir / "secrets" / "codes.key"
    secret(settings.instance_dir, "codes")
    content_of_file = salt.read_bytes()
    salt.unlink()
    install.prepare(settings)
    salt.write_bytes(content_of_file)
    a_code(member=anna)
    salt.unlink()
    with pytest.raises(install.NotReady, match=r"codes\.key"):
        install.prepare(settings)


def test_the_days_are_those_of_the_line(line: Line, anna: Member, time: StoppedClock) -> None:
    time.turn(hours=3)
    _, visit = a_code(member=anna)
    assert kept(visit.cookie, line).summaries[0].day == lines.local(line, time.moment).date()
    assert lines.local(line, time.moment).date() == time.moment.date() + timedelta(days=1)
