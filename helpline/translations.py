"""Catalogues read straight from the .po files: there is no compiled copy that could be stale."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import g, has_app_context
from flask_babel import Domain, get_locale

from helpline import paths


def _read(path: Path) -> Catalog:
    with path.open("rb") as source:
        return read_po(source, locale=path.parts[-3])


def _catalogue(path: Path, own: Path | None = None) -> Translations:
    catalogue = _read(path)
    for message in _read(own) if own else ():
        if message.id:
            catalogue.delete(message.id)  # one that is there would only take over where the new one comes from
            catalogue[message.id] = message
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(fp=compiled)


@lru_cache(maxsize=64)
def _of(language: str, line: str | None) -> NullTranslations:
    """Asked for each text of a page, so it looks for the files once."""
    folder = paths.asset("translations") / language / "LC_MESSAGES"
    if not (folder / "messages.po").is_file():
        return NullTranslations()
    own = folder / f"{line}.po" if line is not None else None
    return _catalogue(folder / "messages.po", own if own is not None and own.is_file() else None)


class Catalogues(Domain):
    """Flask-Babel's domain over our own `translations/<lang>/LC_MESSAGES/messages.po`.

    Where a line speaks another tone than the others, what it says differently stands beside it in `<line>.po`.
    """

    def get_translations(self) -> NullTranslations:
        """The catalogue of the request's language and line; the source language needs none."""
        line = g.get("line") if has_app_context() else None
        return _of(str(get_locale() or "en"), line.slug if line is not None else None)
