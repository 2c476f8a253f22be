"""What stands on a page that was printed: the letters of a PDF of Chromium, read back from its glyphs."""

from __future__ import annotations

import re
import unicodedata
import zlib

OBJECT = re.compile(rb"(\d+) 0 obj\s(.*?)endobj", re.DOTALL)
STREAM = re.compile(rb"stream\r?\n(.*)\r?\nendstream", re.DOTALL)
SHOWN = re.compile(rb"/(F\d+) [\d.]+ Tf|<([0-9A-Fa-f]*)>")


def letters_of(pdf: bytes) -> str:
    """All letters of a PDF in their order, without spaces: each may stand at a place of its own."""
    objects = {int(number): body for number, body in OBJECT.findall(pdf)}
    fonts = {
        name: _alphabet(_stream(objects[int(alphabet)]))
        for held in objects.values()
        for name, font in re.findall(rb"/(F\d+) (\d+) 0 R", held)
        for alphabet in re.findall(rb"/ToUnicode (\d+) 0 R", objects[int(font)])
    }
    pages = [
        _stream(objects[int(content)])
        for held in objects.values()
        if re.search(rb"/Type /Page\b", held)
        for content in re.findall(rb"/Contents (\d+) 0 R", held)
    ]
    return squeezed("".join(_said(page, fonts) for page in pages))


def squeezed(text: str) -> str:
    """A text as `letters_of` gives it."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _stream(body: bytes) -> bytes:
    found = STREAM.search(body)
    assert found is not None
    return zlib.decompress(found[1]) if b"FlateDecode" in body else found[1]


def _alphabet(cmap: bytes) -> dict[int, str]:
    """Which letters the glyphs of a font stand for."""
    letters: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
        for glyph, text in re.findall(rb"<(\w+)> <(\w+)>", block):
            letters[int(glyph, 16)] = _utf16(text)
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", cmap, re.DOTALL):
        for first, last, text in re.findall(rb"<(\w+)> <(\w+)> <(\w+)>", block):
            for glyph in range(int(first, 16), int(last, 16) + 1):
                letters[glyph] = _utf16(b"%04x" % (int(text, 16) + glyph - int(first, 16)))
    return letters


def _utf16(digits: bytes) -> str:
    return bytes.fromhex(digits.decode()).decode("utf-16-be")


def _said(page: bytes, fonts: dict[bytes, dict[int, str]]) -> str:
    said, letters = "", {}
    for font, glyphs in SHOWN.findall(page):
        if font:
            letters = fonts.get(font, {})
        said += "".join(letters.get(int(code, 16), "") for code in re.findall(rb"\w{4}", glyphs))
    return said
