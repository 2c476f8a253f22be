"""Ways to reach somebody that stand in a text of staff and in no help entry. Pure.

On a line for youngsters no member of staff gives or asks for a way to be reached outside: telephone numbers, handles
and addresses are refused before they are stored, unless the house's own help entries have them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# Seven digits with little between them; dates, times and ages have fewer, or dots and colons in other places.
_NUMBER = re.compile(r"(?<!\w)\+?\d(?:[ ()/.-]{0,2}\d){6,}(?!\w)")
_DATE = re.compile(r"\d{1,2}[-/. ]\d{1,2}[-/. ]\d{2,4}|\d{4}-\d{2}-\d{2}")
_MAIL = re.compile(r"[\w.+-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w@.])@[A-Za-z0-9_][\w.]{2,}")
_ADDRESS = re.compile(
    r"(?:https?://|www\.)\S+|(?<![\w@.-])(?:[a-z0-9-]{2,}\.)+(?:com|org|net|nl|be|eu|me|gg|io|app|info|link|ly|tv|de|uk|fr)\b(?:/\S*)?",
    re.IGNORECASE,
)
_APPS = r"snap(?:chat)?|insta(?:gram)?|discord|telegram|whats\s?app|signal|kik|tik\s?tok|skype|steam"
# 'my snap is ...'; after a colon it may as well be a sentence that goes on, so that it has to look like a name.
_NAMED = re.compile(
    rf"\b(?:my|mijn|our|ons|onze)\s+(?:{_APPS})\b(?:\s+(?:name|naam|id))?\s*(?:is|heet|:|=)\s*(\S{{3,}})"
    rf"|\b(?:{_APPS})\s*[:=]\s*(?=\S*[\w][._#\d]\w)(\S{{3,}})",
    re.IGNORECASE,
)
_END = ".,;:!?)\"'”’"


def found_in(text: str, listed: Iterable[str] = ()) -> list[str]:
    """Telephone numbers, handles and addresses of this text that are none of the listed ones, in their order.

    `listed`: numbers and addresses of help entries, as they stand there.
    """
    known = {_plain(one) for one in listed if one}
    known |= {_host(one) for one in listed if one and _ADDRESS.match(one)}
    seen: list[tuple[int, int, str]] = []
    for pattern in (_MAIL, _ADDRESS, _HANDLE, _NUMBER):
        for match in pattern.finditer(text):
            what = match.group().strip().rstrip(_END)
            if pattern is _NUMBER and _DATE.fullmatch(what):
                continue
            _take(seen, match.start(), match.end(), what)
    for match in _NAMED.finditer(text):
        group = 1 if match[1] else 2
        _take(seen, match.start(group), match.end(group), match[group].rstrip(_END))
    return [what for _, _, what in sorted(seen) if not _is_known(what, known)]


def _take(seen: list[tuple[int, int, str]], start: int, end: int, what: str) -> None:
    if what and not any(start < other_end and other_start < end for other_start, other_end, _ in seen):
        seen.append((start, end, what))


def _plain(what: str) -> str:
    """As two ways to write the same are compared: digits alone of a number, an address without what stands around."""
    if re.fullmatch(r"[+\d ()/.-]+", what):
        return re.sub(r"^(?:\+|00)\d\d", "0", re.sub(r"[ ()/.-]", "", what))
    return re.sub(r"^(?:https?://)?(?:www\.)?", "", what.lower()).rstrip("/")


def _host(address: str) -> str:
    return _plain(address).split("/", 1)[0]


def _is_known(what: str, known: set[str]) -> bool:
    plain = _plain(what)
    # Our own entries' site may be named with or without a page of it; another site is another one.
    return plain in known or plain.split("/", 1)[0] in known
