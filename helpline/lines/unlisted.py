"""Ways to reach somebody that stand in a text of staff and in no help entry. Pure.

On a line for youngsters no member of staff gives or asks for a way to be reached outside: telephone numbers, handles
and addresses are refused before they are stored, unless the house's own help entries have them. This is a hand on the
arm, no wall: whoever wants to get around it will. A false alarm in the middle of a talk hurts as well, so that dates,
years, times, amounts and counting are left alone.

Every pattern begins where a word does and takes a bounded number of steps from there: a text of any shape costs time
in proportion to its length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

# Fewer digits are dates, times, ages and the short numbers of emergencies.
_ENOUGH = 7
_MOST_GROUPS = 10
_BETWEEN = "[ ()/._*-]{0,3}"
_NUMBER = re.compile(rf"(?<![\w,])\+?\d(?:{_BETWEEN}\d){{6,29}}+(?!\w)")
_BY_COMMAS = re.compile(r"(?<![\w,.])\d(?: ?[,;] ?\d(?!\d)){6,29}+")
_DIGITS_AS_WORDS = [
    *("nul zero oh", "een één one", "twee two", "drie three", "vier four", "vijf five", "zes six"),
    *("zeven seven", "acht eight", "negen nine"),
]
_NAMES_OF_DIGITS = {name: digit for digit, names in enumerate(_DIGITS_AS_WORDS) for name in names.split()}
_DIGIT = rf"(?:{'|'.join(sorted(_NAMES_OF_DIGITS, key=len, reverse=True))}|\d{{1,4}})"
_SPELLED = re.compile(rf"(?<!\w){_DIGIT}(?!\w)(?:[ ,./-]{{1,3}}{_DIGIT}(?!\w)){{4,29}}+", re.IGNORECASE)

_YEAR = r"(?:19|20)\d\d"
_DAY, _MONTH = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])"
_HOUR = r"(?:[01]?\d|2[0-4])[.][0-5]\d"
# What has as many digits as a telephone number and is none.
_ENDS = r"(?!\d|[-/.]\d)"
_HARMLESS = re.compile(
    rf"(?<!\d)(?:{_DAY}[-/.]{_MONTH}[-/.]{_YEAR}{_ENDS}|{_DAY} {_MONTH} {_YEAR}{_ENDS}(?! \d{{3}}| \d\d? \d)"
    rf"|{_YEAR}[-/.]{_MONTH}[-/.]{_DAY}{_ENDS}|{_HOUR} ?- ?{_HOUR}{_ENDS}"
    rf"|{_YEAR}(?: ?[-/] ?(?:{_YEAR}|\d\d))+|{_YEAR}(?: {_YEAR})+"
    r"|[1-9]\d*00 ?- ?[1-9]\d*00|[1-9]\d*\.000 ?- ?[1-9]\d*\.000"
    r"|[1-9]\d{0,2}(?:[. ]\d{3})+[. ]000|[1-9]\d?0{6,})(?!\d)"
)
_AMOUNT = re.compile(r"[1-9]\d{0,2}(?:[. ]\d{3})+")
_MONEY = (
    re.compile(r"(?:€|\beur(?:o)?|\$|£) ?$", re.IGNORECASE),
    re.compile(r" ?(?:€|,\d\d\b|,-|euro?\b)", re.IGNORECASE),
)

_DOT = r"(?:\.| ?[(\[](?:dot|punt|\.)[)\]] ?| (?:dot|punt) )"
_AT = r"(?: ?@ ?| ?[(\[](?:at|@|apenstaart(?:je)?)[)\]] ?| (?:at|apenstaart(?:je)?) (?=[\w-]{2,40} (?:dot|punt) ))"
_MAIL = re.compile(rf"(?<![\w.+-])[\w.+-]{{1,64}}{_AT}[\w-]{{2,63}}(?:{_DOT}[a-z][\w-]{{1,62}}){{1,4}}", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w@.])@[A-Za-z0-9_][\w.]{2,}")

_TOPS = "com|org|net|nl|be|eu|me|gg|io|app|info|link|ly|tv|de|uk|fr|ee|co|xyz|online|site|chat|social|live|dev|club"
_TOPS += "|us|ru|biz"
_LABELS = r"(?<![\w@.-])(?:[a-z0-9-]{2,63}\.){1,5}"
_ADDRESS = re.compile(
    rf"(?<!\w)(?:https?://|www\.)\S+|(?<![\w@.-])(?:[a-z0-9-]{{1,63}}\.){{1,5}}(?:{_TOPS})/\S+|{_LABELS}(?:{_TOPS})(?![\w-])",
    re.IGNORECASE,
)
_SPELLED_ADDRESS = re.compile(
    r"(?<![\w@.-])[a-z0-9-]{2,63}(?: ?[(\[](?:dot|punt|\.)[)\]] ?| (?:dot|punt) | \. ?|\. )(?:com|org|nl|gg)(?![\w-])"
    r"(?:/\S*)?",
    re.IGNORECASE,
)
# A sentence that begins without a space before it: 'Fine.Net like you', and in Dutch most often 'goed.de rest'.
_NO_TOP = re.compile(r"\.[A-Z][a-z]+$")
_WORDS_TOO = re.compile(r"\.(?:de|me)$")

_APPS = r"(?:snap(?:chat)?|insta(?:gram)?|ig|discord|telegram|whats ?app|signal|kik|tik ?tok|skype|steam|roblox|wickr)"
_LOOKS_LIKE_A_NAME = re.compile(r"\w[._#\d-]+\w|\d")
_NAMED = (
    # 'my snap is anna', but not 'my Instagram is private'
    re.compile(
        rf"\b(?:my|mijn|our|ons|onze) {_APPS}\b(?: ?-?(?:name|naam|id|account|tag))? ?(is|heet|:|=) ?(\S{{3,64}})",
        re.IGNORECASE,
    ),
    # after a colon it may as well be a sentence that goes on
    re.compile(rf"\b{_APPS} ?([:=]) ?(?=\S{{0,40}}\w[._#\d]\w)(\S{{3,64}})", re.IGNORECASE),
    re.compile(
        rf"\b(?:add|find|dm|text|voeg|vind|zoek|app|bericht) (?:me|mij|us|ons)\b[^.!?\n@]{{0,30}}\b{_APPS}"
        r"(?:,? ?(:|=|as|als|onder|under|name|naam))? ?(\S{3,64})",
        re.IGNORECASE,
    ),
)
# What is looked for first, since it costs next to nothing.
_SIGNS_OF_MAIL = ("@", "(at", "[at", "apenst")
_SIGNS_OF_DOTS = ("dot", "punt", "(.", "[.", " .", ". com", ". org", ". nl", ". gg")
_DOTTED = re.compile(r"[./]\w")
_DIGITS = re.compile(r"\d(?:\D{0,3}\d){5}")
_RARE_DIGITS = ("nul", "zero", "oh", "zes", "six", "zeven", "seven", "acht", "eight")
_SIGNS_OF_APPS = (
    *("snap", "insta", "discord", "telegram", "whats", "signal", "kik", "tik", "skype", "steam", "roblox", "wickr"),
    *(" ig ", "ig:", "ig="),
)
_END = ".,;:!?)]\"'”’»"
# Characters of European texts that mean what they look like.
_PLAIN = re.compile("[^\x00-\x9f\xa1-\xb1\xb4-\xb8\xba-ÿŒœŸ‘’“”„…€]")


def found_in(text: str, listed: Iterable[str] = ()) -> list[str]:
    """Telephone numbers, handles and addresses of this text that are none of the listed ones, in their order.

    `listed`: numbers and addresses of help entries, as they stand there.
    """
    plain, places = _as_read(text)
    spans = _spans(plain)
    if not spans:
        return []
    known = {_plain(one) for one in listed if one}
    known |= {_host(one) for one in listed if one and _ADDRESS.match(one)}
    whats = [(plain[start:end], places, start, end) for start, end in spans if not _is_known(plain[start:end], known)]
    return [what if at is None else text[at[start] : at[end - 1] + 1] for what, at, start, end in whats]


def in_pieces(text: str, found: Iterable[str]) -> list[tuple[str, bool]]:
    """The text in its pieces, each with whether it is one of what `found_in` found."""
    pieces, at = [], 0
    for what in found:
        start = text.find(what, at)
        if start >= 0:
            pieces += [(text[at:start], False), (what, True)]
            at = start + len(what)
    return [piece for piece in (*pieces, (text[at:], False)) if piece[0]]


def _as_read(text: str) -> tuple[str, list[int] | None]:
    """The text as a reader takes it, without what only hides, and where each character stood; None for no change."""
    if text.isascii() or _PLAIN.search(text) is None:
        return text, None
    read, places = [], []
    for place, character in enumerate(text):
        for shown in _shown(character):
            read.append(shown)
            places.append(place)
    return "".join(read), places


def _shown(character: str) -> str:
    if character.isascii():
        return character
    kind = unicodedata.category(character)
    if kind in ("Cf", "Mn", "Me"):
        return ""
    if kind == "Nd":
        return str(unicodedata.decimal(character))
    if kind in ("Zs", "Pd"):
        return " " if kind == "Zs" else "-"
    return unicodedata.normalize("NFKC", character)


def _spans(text: str) -> list[tuple[int, int]]:
    """Where in the text something stands that leads outside, in order; none within another."""
    spans: list[tuple[int, int]] = []
    for pattern, fits in _sought(text):
        for match in pattern.finditer(_zeros(text) if pattern is _NUMBER else text):
            if fits is None or fits(text, match):
                _take(spans, text, *match.span(2 if pattern in _NAMED else 0))
    return sorted(spans)


def _sought(text: str) -> Iterator[tuple[re.Pattern[str], Callable[[str, re.Match[str]], bool] | None]]:
    """The patterns that this text can have at all: most texts have not the least of any."""
    small = text.lower()
    has_dots = _any_of(_SIGNS_OF_DOTS, small)
    if _any_of(_SIGNS_OF_MAIL, small) or (has_dots and " at " in small):
        yield _MAIL, None
    if _DOTTED.search(text):
        yield _ADDRESS, _is_address
    if "@" in text:
        yield _HANDLE, None
    if has_dots:
        yield _SPELLED_ADDRESS, None
    if _DIGITS.search(text):
        yield _NUMBER, _is_number
        yield _BY_COMMAS, _is_spelled_number
    if _any_of(_RARE_DIGITS, small):
        yield _SPELLED, _is_spelled_number
    if _any_of(_SIGNS_OF_APPS, small):
        for pattern in _NAMED:
            yield pattern, _is_named


def _any_of(signs: tuple[str, ...], text: str) -> bool:
    for sign in signs:  # noqa: SIM110 - a generator would cost as much as the search
        if sign in text:
            return True
    return False


def _take(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    what = text[start:end].rstrip(_END + " ")
    end = start + len(what)
    if what and not any(start < other_end and other_start < end for other_start, other_end in spans):
        spans.append((start, end))


# Numbers

_LETTER_FOR_ZERO = re.compile(r"(?<![^\W\d_])[oO](?=[ -]?\d)|(?<=\d)[oO](?![^\W\d_])")


def _zeros(text: str) -> str:
    """An O beside digits is read as one of them."""
    return _LETTER_FOR_ZERO.sub("0", text) if "o" in text or "O" in text else text


def _is_number(text: str, match: re.Match[str]) -> bool:
    what = match.group()
    groups = re.findall(r"\d+", what)
    if _counts(groups):
        return False
    # What begins as telephone numbers do has no years in it.
    if (what[0] not in "+0" or _HARMLESS.match(what)) and _digits(_HARMLESS.sub("", what)) < _ENOUGH:
        return False
    before, after = _MONEY
    is_money = before.search(text, max(0, match.start() - 6), match.start()) or after.match(text, match.end())
    return not (is_money and _AMOUNT.fullmatch(what))


# Without regard to case the Turkish i's, with and without its dot, are the same as ours.
_DOTS_OF_I = str.maketrans({"ı": "i", "\u0307": ""})


def _is_spelled_number(_: str, match: re.Match[str]) -> bool:
    groups = re.findall(r"\w+", match.group().lower().translate(_DOTS_OF_I))
    digits = [str(_NAMES_OF_DIGITS.get(group, group)) for group in groups]
    named = sum(group in _NAMES_OF_DIGITS for group in groups)
    if len("".join(digits)) < _ENOUGH or _counts(digits):
        return False
    return named >= 2 or all(len(digit) == 1 for digit in digits)


def _counts(groups: Sequence[str]) -> bool:
    """Whether this is somebody who counts: 1 2 3 4 5 6 7, or 50 40 30 20."""
    if len(groups) < 4 or re.match("0.", groups[0]):
        return False
    steps = {int(after) - int(before) for before, after in pairwise(groups)}
    return len(steps) == 1 and steps != {0}


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)


# Addresses and names


def _is_address(text: str, match: re.Match[str]) -> bool:
    what = match.group()
    if "/" in what or what.lower().startswith("www."):
        return True
    if _NO_TOP.search(what):
        return False
    goes_on = re.match(r" +\w", text[match.end() : match.end() + 4])
    return not (_WORDS_TOO.search(what) and goes_on)


_NO_NAMES = frozenset(
    """
    private privé prive public openbaar gone weg hacked gehackt closed dicht blocked geblokkeerd not niet also ook the
    een het nog still now where waar wat what that dat how hoe and but maar for voor met with van
    """.split()  # noqa: SIM905 - forty literals say less
)


def _is_named(_: str, match: re.Match[str]) -> bool:
    link, word = match[1], match[2].rstrip(_END).lower()
    if _LOOKS_LIKE_A_NAME.search(word):
        return True
    return link is not None and len(word) >= 3 and word not in _NO_NAMES


def _plain(what: str) -> str:
    """As two ways to write the same are compared: digits alone of a number, an address without what stands around."""
    if _is_of_digits(what):
        return re.sub(r"^(?:\+|00)\d\d", "0", re.sub(r"[ ()/._*-]", "", what.replace("(0)", "")))
    return re.sub(r"^(?:https?://)?(?:www\.)?", "", what.lower()).rstrip("/")


def _is_of_digits(what: str) -> bool:
    return re.fullmatch(r"[+\d ()/._*-]+", what) is not None


def _host(address: str) -> str:
    return re.split(r"[/?#]", _plain(address), maxsplit=1)[0]


def _is_known(what: str, known: set[str]) -> bool:
    if _plain(what) in known:
        return True
    if _is_of_digits(what):
        return _has_known(what, known)
    # Our own entries' site may be named with or without a page of it; another site is another one.
    return "@" not in what and _host(what) in known


def _has_known(what: str, known: set[str]) -> bool:
    """A listed number beside a few digits: '(8 to 18) 0800-0432', or two of them in a row."""
    digits = re.sub(r"\D", "", what)
    # The common part of +31 88 and 088 has lost its nought.
    if not any(len(one) >= 3 and one.lstrip("0") in digits for one in known):
        return False
    groups = list(re.finditer(r"\+?\d+", what))
    for first in range(len(groups)):
        for last in range(first, min(first + _MOST_GROUPS, len(groups))):
            one = what[groups[first].start() : groups[last].end()]
            if _digits(one) >= 3 and _plain(one) in known:
                rest = what[: groups[first].start()] + "  " + what[groups[last].end() :]
                if _digits(rest) < _ENOUGH and (_digits(one) >= _ENOUGH or _digits(rest) == 0):
                    return True
                if _digits(one) >= _ENOUGH and _has_known(rest, known):
                    return True
    return False
