"""Pages while the database is away, and pages at a mistake of ours."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.exc import DatabaseError, OperationalError, ProgrammingError


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OperationalError("", {}, Exception()), 503),
        (DatabaseError("", {}, Exception()), 503),
        (ProgrammingError("", {}, Exception()), 500),
    ],
)
def test_a_page_without_its_database_says_not_just_now(
    client: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def away(*_: object) -> None:
        raise error

    monkeypatch.setattr("helpline.chat.visitor_views.shown_status", away)
    for path in ("/en/youth/chat/", "/nl/prevention/chat/other-ways/"):
        answer = client.get(path)
        assert answer.status_code == status
        answer = client.get(path, headers={"Accept": "application/json"})
        assert (answer.status_code, answer.json) == (status, {"ok": False, "error": "unavailable"})
