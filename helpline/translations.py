"""Catalogues read straight from the .po files: there is no compiled copy that could be stale."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask_babel import Domain, get_locale

from helpline import paths


@lru_cache(maxsize=8)
def _catalogue(path: Path) -> Translations:
    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=path.parts[-3]))
    compiled.seek(0)
    return Translations(fp=compiled)


class Catalogues(Domain):
    """Flask-Babel's domain over our own `translations/<lang>/LC_MESSAGES/messages.po`."""

    def get_translations(self) -> NullTranslations:
        """The catalogue of the request's language; the source language needs none."""
        locale = get_locale()
        path = paths.asset("translations") / str(locale or "en") / "LC_MESSAGES" / "messages.po"
        return _catalogue(path) if path.is_file() else NullTranslations()
