"""Every exercise filled in and kept under a code: no word of it can be read by whoever has the whole server."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from helpline.privacy import codes, sessions
from helpline.selfhelp import loader, store
from helpline.selfhelp.course import Exercise, Field, columns_of
from tests.clients import PATIENCE, Server
from tests.house.test_canary import disguises, kept
from tests.journeys.house import House

(LINE,) = loader.lines(loader.COURSES)
COURSE = f"/en/{LINE}/self-help/"
MODULES = loader.load(LINE, loader.COURSES).course
CANARY = "the words of a canary 🐤"
WRONG = "7777-7777-7777-7777"
SHOWN = re.compile(r"\b[0-9A-Z]{4}(?:\W+[0-9A-Z]{4}){3}\b")


@pytest.fixture(scope="module")
def talkative(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server that logs all it can, with a folder of its own for temporary files."""
    folder = tmp_path_factory.mktemp("talkative")
    (folder / "temporary").mkdir()
    house = House(Server(folder / "instance", log_level="DEBUG", ping_seconds="0.5"))
    house.server.environment["TMPDIR"] = str(folder / "temporary")
    yield house.open({"anna": (["counsellor"], ["youth"])})
    house.server.stop()


@pytest.fixture
def house(talkative: House) -> Iterator[House]:
    """It runs, and nobody is there."""
    if not talkative.server.runs:
        talkative.server.start()
    yield talkative
    talkative.see_out()


def filled_in(asked: Field, canaries: list[str]) -> dict[str, str | list[str]]:
    """What a form says of this field: a canary in each place where something can be written."""

    def canary() -> str:
        canaries.append(f"{CANARY} no. {len(canaries)}: {asked.address.replace('.', ' ')}")
        return canaries[-1]

    match asked.kind:
        case "short" | "long":
            return {asked.key: canary()}
        case "scale":
            return {asked.key: "7"}
        case "checklist":
            return {asked.key: list(asked.options)}
        case "pairs" | "table":
            cells = [(row, column) for row in range(asked.rows) for column in columns_of(asked)]
            return {f"{asked.key}-{row}-{column}": canary() for row, column in cells}
    return {}


class Walker:
    """A visitor on the pages of the course."""

    def __init__(self, house: House) -> None:
        self.visitor, self.url = house.visitor(), house.server.url
        self.canaries: list[str] = []
        self.token = self.visitor.token_of(f"{COURSE}{MODULES.modules[0].slug}/")

    def page(self, path: str) -> str:
        answer = self.visitor.http.get(self.url + path, timeout=PATIENCE)
        assert answer.status_code == 200, (path, answer.status_code)
        return html.unescape(answer.text)

    def send(self, path: str, status: int = 303, **fields: object) -> None:
        form = {"csrf_token": self.token, **fields}
        answer = self.visitor.http.post(self.url + path, data=form, timeout=PATIENCE, allow_redirects=False)
        assert answer.status_code == status, (path, answer.status_code)

    def had(self) -> str:
        """Which answers the overview shows."""
        found = re.search(r'name="had" value="([^"]+)"', self.page(COURSE))
        assert found is not None
        return found[1]

    def fills_in(self, exercise: Exercise) -> None:
        fields: dict[str, object] = {}
        for asked in exercise.fields:
            fields |= filled_in(asked, self.canaries)
        self.send(f"{COURSE}{exercise.module}/{exercise.key}/", **fields)

    def fills_in_all(self, *, done: bool = True) -> None:
        for module in (*MODULES.modules, *MODULES.boosters):
            for exercise in module.exercises:
                self.fills_in(exercise)
            if done:
                self.send(f"{COURSE}{module.slug}/done")

    def takes_a_code(self) -> str:
        self.send(f"{COURSE}code/")
        said = SHOWN.search(re.sub(r"<[^>]+>", "", self.page(f"{COURSE}code/keep/")))
        assert said is not None
        code = codes.read(said[0])
        assert code is not None
        self.send(f"{COURSE}code/confirm/", 400, code=WRONG)
        self.send(f"{COURSE}code/confirm/", code=code.lower())
        return code

    def enters(self, code: str, status: int = 303) -> None:
        self.send(f"/en/{LINE}/return/", status, code=code)


def no_canary_in(everything: dict[str, bytes], canaries: list[str]) -> None:
    for name, content in everything.items():
        for canary in canaries:
            for shape in disguises(canary):
                assert shape not in content, f"{canary} in {name}"


def everything(house: House) -> dict[str, bytes]:
    """All that is on disk, temporary files too."""
    temporary = house.server.instance.parent / "temporary"
    return kept(house) | {f"temporary {path}": path.read_bytes() for path in temporary.rglob("*") if path.is_file()}


def one_row(house: House, table: str) -> tuple[str, bytes]:
    ((key, sealed),) = house.rows(f"SELECT {'lookup' if table == 'saved_courses' else 'key'}, sealed FROM {table}")  # noqa: S608 - names from this file
    return str(key), bytes(sealed)


def keys_of(house: House) -> list[bytes]:
    """Every key of the server, and what could be made of one with what is known besides."""
    files = [path.read_bytes() for path in sorted(house.server.instance.rglob("*.key"))]
    assert len(files) >= 8, "secrets and weeks"
    known = [key.encode() for table in ("saved_courses", "visitor_sessions") for key in one_row(house, table)[:1]]
    infos = [b"helpline session seal", *(codes_info(purpose) for purpose in ("key", "lookup")), *known]
    made = [
        HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(material)
        for material in (*files, *known)
        for info in infos
    ]
    return files + made


def codes_info(purpose: str) -> bytes:
    return f'["helpline code", "{purpose}", "{store.KIND}", "{LINE}"]'.encode()


def opens(key: bytes, sealed: bytes, bound: bytes) -> bool:
    try:
        AESGCM(key).decrypt(sealed[:12], sealed[12:], bound)
    except InvalidTag:
        return False
    return True


def test_nothing_of_an_address_or_the_time_is_kept_with_a_code(house: House) -> None:
    walker = Walker(house)
    walker.takes_a_code()
    ((lookup, expires_on),) = house.rows("SELECT lookup, expires_on FROM saved_courses")
    today = datetime.now(UTC).date()
    assert str(expires_on)[:10] == str(store.kept_until(datetime(today.year, today.month, today.day, tzinfo=UTC)))
    assert re.fullmatch(r"[0-9a-f]{64}", str(lookup))


def test_no_word_can_be_read_without_code_or_cookie_and_all_with_them(house: House) -> None:
    walker = Walker(house)
    walker.fills_in_all()
    without_a_code = everything(house)
    code = walker.takes_a_code()
    walker.fills_in_all(done=False)
    for path in ("", "plan/", "plan/file", "goals/", "code/"):
        walker.page(COURSE + path)
    walker.enters(WRONG, 400)
    other = Walker(house)
    other.canaries = walker.canaries
    other.fills_in(MODULES.modules[2].exercises[0])
    other.enters(code)
    assert f"{CANARY} no. 0" in other.page(f"{COURSE}{MODULES.modules[0].slug}/")
    cookie, other_cookie = (str(who.visitor.http.cookies["visit"]) for who in (walker, other))
    while_running = everything(house)
    other.send(f"{COURSE}close", had=other.had())
    house.visitor().http.get(f"{house.server.url}/exit", timeout=PATIENCE)
    canaries = [*walker.canaries, CANARY, code, code.replace("-", ""), code.lower(), WRONG]
    canaries += [code.replace("-", " "), code[:9], code[10:]]
    assert len(canaries) > 200
    for stage in (without_a_code, while_running):
        no_canary_in(stage, canaries)
        # Not as its hash: by that the session's row is found.
        assert not any(secret.encode() in content for secret in (cookie, other_cookie) for content in stage.values())
    assert len(while_running["table saved_courses"]) > 2 * codes.BLOCK_BYTES, "the search looks where it lies"
    assert any(name.endswith("-wal") for name in while_running)

    house.change(f"DELETE FROM visitor_sessions WHERE key <> '{sessions.key_of(cookie)}'")  # noqa: S608 - a hash
    lookup, sealed = one_row(house, "saved_courses")
    session_key, session_sealed = one_row(house, "visitor_sessions")
    place = codes.Sealed(store.KIND, LINE, lookup, b"")
    for key in keys_of(house):
        assert not opens(key, sealed, codes._bound(place))
        assert not opens(key, session_sealed, session_key.encode())

    salt = (house.server.instance / "secrets" / "codes.key").read_bytes()
    record = codes.open_(codes.for_kind(codes.opened(code, salt), store.KIND, LINE), sealed)
    said = str(record).encode()
    texts = [canary for canary in walker.canaries if canary.encode() in said]
    assert len(texts) > len(walker.canaries) // 2 - 5, "the code alone opens it"
    with pytest.raises(codes.Tampered):
        codes.open_(codes.for_kind(codes.opened(code, bytes(32)), store.KIND, LINE), sealed)
    content = sessions._open(cookie, session_sealed)
    assert codes.open_(codes.of_part(content[store.KIND], store.KIND, LINE), sealed) == record, "and so does the cookie"  # type: ignore[arg-type]  # it is there

    walker.send(f"{COURSE}erase", 200, had=walker.had())
    assert house.rows("SELECT * FROM saved_courses") == []
    walker.enters(code, 400)
    house.server.stop()
    after = everything(house)
    no_canary_in(after, canaries)
    # That look at it was the last user of the write-ahead log, which went into the database.
    for name, content_of_file in everything(house).items():
        assert sealed[100:200] not in content_of_file, f"what was erased is in {name}"
