"""The pages of the advice: a tap is the answer, Back and reloading just work, and no address holds an answer."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from helpline import clock, config, create_app, db
from helpline.advice import service
from helpline.chat.states import State
from helpline.contacts.models import AdviceHelped
from helpline.privacy import sessions
from tests.web.conftest import House
from tests.web.pages import Page, Tab
from tests.web.walker import OPTION

ADVICE = "/en/youth/advice/"
GONE = "Your answers were erased after two hours without use. Start again here."
CHANGED = "Another answer changed the questions. Please answer this one."
PAID = ("no", "yes", "me", "extortion", "money", "yes", "12-15")


class Asker(Tab):
    """A browser that answers questions."""

    def answer(self, step: int, option: str) -> str:
        """Tap an answer as it stands on the page; where it leads."""
        path = f"{ADVICE}step/{step}/" if step > 1 else ADVICE
        form = self.page(path).form(f"step/{step}/")
        sent = self.submit(path, form, answer=option)
        assert sent.status_code == 303
        return sent.headers["Location"]

    def walk(self, *options: str) -> str:
        """These answers, then the first option that says something until there is advice."""
        to, step = ADVICE, 1
        for option in options:
            to, step = self.answer(step, option), step + 1
        while not to.endswith("/yours/"):
            offered = OPTION.findall(self.get(to).text)
            to, step = self.answer(step, offered[0]), step + 1
        return to


@pytest.fixture
def asker(house: House) -> Asker:
    return Asker(house.app.test_client())


def heading(page: Page) -> str:
    found = re.search(r"<h1[^>]*>(.+?)</h1>", page.html, re.DOTALL)
    assert found is not None
    return found[1]


# Walking


def test_one_tap_an_answer_leads_to_advice_with_somebody_to_turn_to(asker: Asker) -> None:
    page = asker.page(asker.walk(*PAID))
    assert "You paid" in heading(page)
    assert "/en/youth/advice/bring/" in page.links
    assert any(link.startswith("tel:") for link in page.links)


def test_no_address_of_a_walk_holds_an_answer(asker: Asker) -> None:
    seen, to = [ADVICE], ADVICE
    for step in range(1, 20):
        page = asker.page(to)
        seen += [link for link in page.links if "/advice/" in link] + [form.action for form in page.forms]
        offered = OPTION.findall(page.html)
        if not offered:
            break
        to = asker.answer(step, PAID[step - 1] if step <= len(PAID) else offered[0])
        seen.append(to)
    assert to == f"{ADVICE}yours/"
    kinds = {re.sub(r"\d+", "N", address.split("/advice/")[1]) for address in seen if "/advice/" in address}
    assert kinds <= {"", "step/N/", "yours/", "yours/print/", "yours/helped", "yours/#helped", "over", "bring/"}


@pytest.mark.parametrize("rest", ["step/4/", "step/99/", "yours/", "yours/print/", "step/0/"])
def test_a_page_that_the_answers_do_not_reach_leads_to_the_last_question_that_they_do(asker: Asker, rest: str) -> None:
    asker.answer(1, "no")
    answer = asker.get(ADVICE + rest)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{ADVICE}step/2/")


def test_without_any_answer_every_page_leads_to_the_first_question(asker: Asker) -> None:
    assert asker.get(f"{ADVICE}yours/").headers["Location"] == ADVICE
    assert asker.get(f"{ADVICE}bring/").headers["Location"] == asker.chat


def test_going_back_shows_the_earlier_answer_and_the_way_on(asker: Asker) -> None:
    asker.walk(*PAID)
    page = asker.page(f"{ADVICE}step/4/")
    assert "Your answer" in page.words
    assert f"{ADVICE}yours/" in page.links
    assert f"{ADVICE}step/3/" in page.links
    assert asker.answer(4, "extortion") == f"{ADVICE}step/5/"
    assert asker.get(f"{ADVICE}yours/").status_code == 200, "the same answer again changes nothing"
    assert asker.answer(4, "filmed") == f"{ADVICE}step/5/"
    assert asker.get(f"{ADVICE}yours/").headers["Location"] == f"{ADVICE}step/5/"


def test_an_old_page_in_another_tab_answers_no_other_question(asker: Asker) -> None:
    asker.answer(1, "no")
    old = asker.page(f"{ADVICE}step/2/").form("step/2/")
    sent = asker.submit(ADVICE, old, answer="no", question="start/danger")
    assert (sent.status_code, CHANGED in sent.text) == (200, True)
    assert Page(sent.text).form("step/2/").fields["question"] == old.fields["question"]
    assert CHANGED not in asker.get(f"{ADVICE}step/2/").text
    assert asker.get(f"{ADVICE}yours/").status_code == 303


@pytest.mark.parametrize("fields", [{}, {"answer": "nonsense"}, {"answer": "x" * 10_000}])
def test_an_answer_that_there_is_not_changes_nothing(asker: Asker, fields: dict[str, str]) -> None:
    form = asker.page(ADVICE).form("step/1/")
    sent = asker.submit(ADVICE, form, **fields)
    assert (sent.status_code, "notice" in Page(sent.text).attributes) == (200, False)
    assert Page(sent.text).form("step/1/")


def test_an_old_page_of_longer_ago_leads_to_the_last_question_with_a_word(asker: Asker) -> None:
    asker.walk("no", "yes")
    old = asker.page(f"{ADVICE}step/6/").form("step/6/")
    asker.answer(3, "friend")
    sent = asker.submit(ADVICE, old, answer="yes")
    assert (sent.status_code, CHANGED in sent.text) == (200, True)
    assert Page(sent.text).form("step/4/")
    assert f"/nl{ADVICE.removeprefix('/en')}step/6/" in Page(sent.text).links


def test_an_answer_needs_the_token_of_the_form(asker: Asker) -> None:
    assert asker.client.post(f"{ADVICE}step/1/", data={"answer": "no"}).status_code == 400


def test_beginning_again_forgets_everything(asker: Asker) -> None:
    page = asker.page(asker.walk(*PAID))
    assert asker.submit(ADVICE, page.form("/over")).headers["Location"] == ADVICE
    assert "Your answer" not in asker.page(ADVICE).words
    assert asker.get(f"{ADVICE}yours/").headers["Location"] == ADVICE


def test_erasing_takes_back_what_was_to_go_along_even_without_answers(asker: Asker) -> None:
    over = asker.page(asker.walk(*PAID)).form("/over")
    for _ in range(2):
        asker.post(f"{asker.chat}bring", {"text": "Someone threatens me", "choice": "yes"})
        assert "Someone threatens me" in asker.page(asker.chat).html
        asker.submit(ADVICE, over)
        assert "Someone threatens me" not in asker.page(asker.chat).html


@pytest.mark.parametrize("rest", ["yours/", "step/4/", "yours/print/"])
def test_after_two_idle_hours_it_is_said_once_that_answers_were_erased(
    asker: Asker, later: Callable[..., None], rest: str
) -> None:
    asker.walk(*PAID)
    later(hours=2, minutes=2)
    assert asker.get(ADVICE + rest).headers["Location"] == ADVICE
    assert GONE in asker.page(ADVICE).html
    assert "notice" not in asker.page(ADVICE).attributes
    with db.reading() as session:
        cookie = asker.client.get_cookie("visit")
        assert cookie is not None
        assert session.get(sessions.VisitorSession, sessions.key_of(cookie.value)) is None


def test_an_answer_after_two_idle_hours_is_answered_with_the_first_question(
    asker: Asker, later: Callable[..., None]
) -> None:
    asker.walk(*PAID)
    form = asker.page(f"{ADVICE}step/4/").form("step/4/")
    later(hours=2, minutes=2)
    sent = asker.submit(ADVICE, form, answer="extortion")
    assert (sent.status_code, GONE in sent.text) == (200, True)
    assert Page(sent.text).form("step/1/")
    assert asker.answer(1, "no") == f"{ADVICE}step/2/"
    assert "notice" not in asker.page(f"{ADVICE}step/2/").attributes


def test_after_erasing_nobody_is_told_of_two_hours(asker: Asker) -> None:
    asker.submit(ADVICE, asker.page(asker.walk(*PAID)).form("/over"))
    assert "notice" not in asker.page(ADVICE).attributes
    asker.get(f"{ADVICE}yours/")
    shown = asker.page(ADVICE)
    assert "notice" in shown.attributes
    assert GONE not in shown.html


def test_what_is_said_first_binds_a_browser_to_no_line(asker: Asker) -> None:
    asker.page(ADVICE)
    asker.get(f"{ADVICE}yours/")
    asker.line = "prevention"
    assert "end_other" not in asker.page(asker.chat).attributes
    stranger = Asker(asker.client.application.test_client())
    stranger.get(f"{ADVICE}yours/")
    assert "notice" not in stranger.page(ADVICE).attributes


def test_whoever_has_just_left_is_led_to_the_first_question_without_a_word(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(cookie: str, notice: str) -> None:
        raise sessions.Left

    asker.page(ADVICE)
    monkeypatch.setattr(service, "leave_notice", refuse)
    assert asker.get(f"{ADVICE}yours/").headers["Location"] == ADVICE
    assert "notice" not in asker.page(ADVICE).attributes


def test_while_somebody_reads_nothing_is_forgotten(asker: Asker, later: Callable[..., None]) -> None:
    yours = asker.walk(*PAID)
    for _ in range(3):
        later(hours=1, minutes=30)
        assert asker.get(yours).status_code == 200


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_a_browser_that_keeps_no_cookie_is_told_so_with_help_that_needs_none(
    house: House, asker: Asker, lang: str
) -> None:
    form = asker.page(ADVICE).form("step/1/")
    asker.client.delete_cookie("visit")
    sent = asker.client.post(f"/{lang}/youth/advice/step/1/", data=form.fields | {"answer": "no"})
    page = Page(sent.text)
    assert (sent.status_code, page.language) == (400, lang)
    assert {"en": "We need one cookie for this", "nl": "Hier is één cookie voor nodig"}[lang] in page.words
    assert f"/{lang}/youth/advice/" in page.links
    assert "tel:112" in page.links
    assert len([link for link in page.links if link.startswith("tel:")]) > 2
    stale = asker.client.post(f"{ADVICE}step/1/", data={"answer": "no"}, headers={"Cookie": "visit=" + "x" * 43})
    assert "This page was open too long" in stale.text
    kept = asker.client.post(f"{ADVICE}bring/", data={"text": "What I wrote"})
    assert "What I wrote" in kept.text, "what somebody wrote is given back"
    other = asker.client.post(f"/en/{house.line_without_trees()}/advice/step/1/", data={"answer": "no"})
    assert (other.status_code, "cookie for this" in other.text) == (400, False)


def test_nobody_makes_the_figures_from_one_address(house: House, settings: config.Settings) -> None:
    elsewhere = settings.model_copy(update={"trusted_proxies": 1})
    tab = Tab(create_app(elsewhere).test_client())
    fields, forwarded = {"csrf_token": tab.token(), "answer": "no"}, {"X-Forwarded-For": "203.0.113.9"}
    for rest in ("step/1/", "over", "yours/helped", "begin-here"):
        told = [tab.client.post(ADVICE + rest, data=fields, headers=forwarded).status_code for _ in range(121)]
        assert (set(told[:120]), told[120]) == ({303}, 429), rest
        other = {"X-Forwarded-For": "203.0.113.10"}
        assert tab.client.post(ADVICE + rest, data=fields, headers=other).status_code == 303
    rows = len(house.snapshot()["visitor_sessions"])
    for _ in range(130):
        tab.client.set_cookie("visit", sessions.new_cookie())
        assert tab.get(f"{ADVICE}yours/", **forwarded).status_code == 303
    assert len(house.snapshot()["visitor_sessions"]) == rows + 120, "nor fills the table by asking"
    db.engine().dispose()


def test_the_language_can_be_changed_on_the_way(asker: Asker) -> None:
    asker.answer(1, "no")
    page = asker.page(f"{ADVICE}step/2/")
    assert "/nl/youth/advice/step/2/" in page.links
    assert "veilig" in heading(asker.page("/nl/youth/advice/step/2/"))


def test_it_says_once_whether_it_helped(house: House, asker: Asker) -> None:
    yours = asker.walk(*PAID)
    for helped in ("perhaps", "partly", "yes"):
        answer = asker.post(f"{ADVICE}yours/helped", {"helped": helped})
        assert answer.headers["Location"] == f"{ADVICE}yours/#helped"
    assert "Thank you" in asker.page(yours).words
    with db.reading() as session:
        assert [(row.helped, row.count) for row in session.query(AdviceHelped)] == [("partly", 1)]


def test_the_sheet_has_the_advice_and_neither_answers_nor_addresses_of_this_site(asker: Asker) -> None:
    asker.walk(*PAID)
    page = asker.page(f"{ADVICE}yours/print/")
    (main,) = re.findall(r"<h1>.*</main>", page.html, re.DOTALL)
    assert "You paid" in main
    assert "href" not in main
    assert "<details" not in main
    for said in ("Who is it about", "What happened?", "localhost", "Zeg het ons"):
        assert said not in main
    assert "0800-0432" in main


# Beside the chat


def test_only_a_line_with_trees_has_advice_or_doors_to_it(house: House) -> None:
    bare = house.line_without_trees()
    tab = house.tab(bare)
    for rest in ("", "step/1/", "yours/", "yours/print/", "bring/"):
        assert tab.get(f"/en/{bare}/advice/{rest}").status_code == 404
    assert house.tab("youth").post(f"/en/{bare}/advice/begin-here").status_code == 404
    for path in ("/en/{}/", "/en/{}/chat/other-ways/", "/en/{}/what-we-keep/"):
        answer = tab.get(path.format(bare))
        assert (answer.status_code, "/advice/" in answer.text) == (200, False)
    for slug in ("youth", "prevention"):
        for path in ("/en/{}/", "/en/{}/chat/other-ways/"):
            assert f"/en/{slug}/advice/" in tab.page(path.format(slug)).links


def test_a_closed_line_leads_from_the_advice_to_its_closed_page(house: House, asker: Asker) -> None:
    house.set_line("youth", hours="closed")
    page = asker.page(asker.walk(*PAID))
    assert asker.chat in page.links
    assert f"{ADVICE}bring/" not in page.links
    assert ADVICE in asker.page(asker.chat).links


def test_while_a_chat_waits_the_advice_shows_how_it_stands(asker: Asker) -> None:
    place = f"{asker.room}place"
    assert place not in asker.page(ADVICE).loads
    asker.join()
    assert place in asker.page(ADVICE).loads
    assert place in asker.page(asker.walk(*PAID)).loads
    assert asker.sync()["state"] == State.WAITING


def test_the_answers_are_shown_to_be_changed_before_they_go_along(asker: Asker) -> None:
    asker.walk(*PAID)
    text = asker.page(f"{ADVICE}bring/").form("/chat/bring").fields["text"]
    assert "What happened?\n– Someone threatens me with my pictures" in text
    assert "boy" not in text, "that is asked for the figures only"


def test_the_text_to_bring_goes_to_the_other_language_with_what_was_changed(asker: Asker) -> None:
    asker.walk(*PAID)
    shown = asker.page(f"{ADVICE}bring/")
    own = shown.form("/chat/bring").fields["text"]
    refused = Page(asker.post(f"{asker.chat}bring", {"text": "x" * 4001, "choice": "yes"}).text)
    for page in (shown, refused):
        buttons = re.findall(r'<button type="submit" form="bring"([^>]*)>', page.html)
        assert len(buttons) == 2
        assert 'formaction="/nl/youth/advice/bring/"' in buttons[1]

    def in_dutch(text: str) -> Page:
        sent = asker.post("/nl/youth/advice/bring/", {"text": text, "other_language": "y"})
        assert sent.status_code == 200
        return Page(sent.text)

    changed = in_dutch("My own words\r\nin two lines")
    assert (changed.language, changed.form("/chat/bring").fields["text"]) == ("nl", "My own words\nin two lines")
    assert changed.form("/chat/bring").action == "/nl/youth/chat/bring"
    assert "Wat is er gebeurd?" in in_dutch(own.replace("\n", "\r\n")).form("/chat/bring").fields["text"]
    Tab(asker.client, "prevention").join(end_other="y")
    elsewhere = in_dutch("My own words")
    assert elsewhere.form("/chat/bring").fields["text"] == "My own words"
    assert "end_other" in elsewhere.attributes


def test_advice_that_is_not_counted_is_not_asked_about(asker: Asker) -> None:
    asker.submit(ADVICE, asker.page(asker.walk(*PAID)).form("/over"))
    assert "helped" not in asker.page(asker.walk(*PAID)).attributes


# Another visit


def test_a_visit_on_another_line_is_asked_about_and_then_ends(house: House, asker: Asker) -> None:
    other = Tab(asker.client, "prevention").join()
    for rest in ("", "step/3/", "yours/", "bring/"):
        page = asker.page(ADVICE + rest)
        assert heading(page) == "Something else is still open"
        for word in ("prevention", "Anders verder"):
            assert word not in page.html
    assert other.sync()["state"] == State.WAITING, "asking ends nothing"
    form = asker.page(ADVICE).form("begin-here")
    assert asker.submit(ADVICE, form).headers["Location"] == ADVICE
    assert house.missed("prevention") in ({"left": 1}, {"left_early": 1})
    assert asker.answer(1, "no") == f"{ADVICE}step/2/"
    assert other.get(other.room).status_code == 410


def test_an_answer_from_an_old_page_asks_first_too(asker: Asker) -> None:
    form = asker.page(ADVICE).form("step/1/")
    other = Tab(asker.client, "prevention").join()
    assert asker.submit(ADVICE, form, answer="no").headers["Location"] == ADVICE
    assert other.sync()["state"] == State.WAITING


def test_beginning_here_ends_nothing_of_this_line(asker: Asker) -> None:
    asker.join()
    asker.answer(1, "no")
    assert asker.post(f"{ADVICE}begin-here").status_code == 303
    assert asker.sync()["state"] == State.WAITING


def test_joining_on_the_other_line_takes_no_answers_along(asker: Asker) -> None:
    asker.walk(*PAID)
    other = Tab(asker.client, "prevention")
    assert "end_other" in other.page(other.chat).attributes
    other.join(end_other="y")
    cookie = asker.client.get_cookie("visit")
    assert cookie is not None
    assert set(sessions.load(cookie.value, clock.now()) or {}) == {"line", "chat"}
