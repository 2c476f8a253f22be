"""Where templates, static files, translations, migrations and content lie.

A wheel carries them inside the package under `_assets/`; a checkout has them beside the package.
"""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def asset(name: str) -> Path:
    """The folder called `name` (`templates`, `static`, ...), from the installed package or else the checkout."""
    packaged = PACKAGE / "_assets" / name
    return packaged if packaged.is_dir() else PACKAGE.parent / name
